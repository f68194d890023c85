import { defineErrors } from "@tutti/kernel";

export const checkErrors = defineErrors("check", {
  ended: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The thread that checks large texts ended before it answered: the process stops, or the text needs more memory than the thread has. Send the text again. If it fails again, split it.",
    message: ({ reason }: { reason: string }) => `The check ended without a result: ${reason}`,
    remedy: "Send the request again, or check a smaller text.",
  },
});
