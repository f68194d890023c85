import { defineErrors } from "@tutti/kernel";

export const anchorErrors = defineErrors("anchor", {
  checkpointOther: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The journal has another last checkpoint of the audit than this one: the audit log was cut or exchanged.",
    message: ({ number, found }: { number: number; found: number }) =>
      `The journal has checkpoint ${number} of the audit, and this is checkpoint ${found} of another audit log`,
    remedy: "Restore the audit log from a backup.",
  },
});
