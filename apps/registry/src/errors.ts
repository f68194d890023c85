import { defineErrors } from "@tutti/kernel";

/** Errors of the registry, in addition to those of every service. */
export const registryErrors = defineErrors("registry", {
  instanceUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No instance with this id is registered. It never registered, it deregistered, or its lease expired. List the registered instances with FindInstances.",
    message: ({ instance }: { instance: string }) =>
      `Instance \`${instance}\` is not registered: it stopped, or its lease expired`,
    remedy: "List the registered instances with `tutti instances`.",
  },
  loading: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "This registry has not read all entries from its store yet. Call another registry, or retry in a moment.",
    message: () => "This registry is still reading its entries from the store",
    remedy: "Call another registry, or try again in a moment.",
  },
});
