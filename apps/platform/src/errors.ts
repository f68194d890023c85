import { defineErrors } from "@tutti/kernel";

export const platformErrors = defineErrors("platform", {
  extensionUnusable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Each entry of platform.extensions is a module whose default export is a class that extends Orchestrator and takes a Foundation.",
    message: ({ path, reason }: { path: string; reason: string }) =>
      `expected ${path} of platform.extensions to be a module whose default export is a class that extends Orchestrator, found: ${reason}; mend the module, or take it out of platform.extensions`,
  },
});
