import { defineErrors } from "@tutti/kernel";

/** What can go wrong here, besides what every service knows. */
export const registryErrors = defineErrors("registry", {
  instanceUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No instance with this id is registered: it never was, said good-bye, or its lease ran out. List those that are there with FindInstances.",
    message: ({ instance }: { instance: string }) =>
      `expected a registered instance, found none with the id ${instance}; it may have stopped, or its lease ran out`,
  },
  loading: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "This registry has not read all entries from its store yet. Another one answers, or this one in a moment.",
    message: () => "this registry is still reading the entries from its store; call another one, or repeat",
  },
});
