import { defineErrors } from "@tutti/kernel";

export const anchorErrors = defineErrors("anchor", {
  checkpointOther: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The last checkpoint of the audit in the journal differs from this checkpoint: the audit log was truncated or replaced.",
    message: ({ number, found }: { number: number; found: number }) =>
      `The journal has checkpoint ${number} of the audit, and this is checkpoint ${found} of another audit log`,
    remedy: "Restore the audit log from a backup.",
  },
});
