import { defineErrors } from "@tutti/kernel";

/** Why the service says no, besides what the tenants know. */
export const governanceErrors = defineErrors("governance", {
  namespaceBuiltIn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The namespaces `default` and `system` are always there.",
    message: ({ namespace }: { namespace: string }) =>
      `expected a namespace that can be removed, found ${namespace}, which is always there; remove what is in it instead`,
  },
  namespaceBusy: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A namespace is removed when everything in it has ended. Cancel what runs, remove its schedules, and try again.",
    message: ({ namespace, what, id }: { namespace: string; what: string; id: string }) =>
      `expected everything in ${namespace} to have ended, found the ${what} ${id}; cancel or remove it first`,
  },
});
