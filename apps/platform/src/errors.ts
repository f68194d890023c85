import { defineErrors } from "@tutti/kernel";

export const platformErrors = defineErrors("platform", {
  extensionUnusable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Each entry of platform.extensions is a module whose default export is a class that extends Orchestrator and takes a Foundation.",
    message: ({ path, reason }: { path: string; reason: string }) =>
      `The extension ${path} of \`platform.extensions\` cannot be used: ${reason}`,
    remedy: "Export a class that extends Orchestrator as default, or remove the entry.",
  },
});
