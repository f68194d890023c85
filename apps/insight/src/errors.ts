import { defineErrors } from "@tutti/kernel";

/** What can go wrong in insight. */
export const insightErrors = defineErrors("insight", {
  threadGone: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The thread of insight that has the store ended while it was asked. The next request starts another one.",
    message: ({ reason }: { reason: string }) => `The store of insight is not available: ${reason}`,
    remedy: "Repeat the request.",
  },
  seriesDamaged: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The file of series in the data directory is damaged. The next request moves it aside and starts a new one.",
    message: ({ reason }: { reason: string }) => `The store of series is damaged: ${reason}`,
    remedy: "Repeat the request.",
  },
});
