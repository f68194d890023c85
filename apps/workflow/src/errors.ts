import { defineErrors } from "@tutti/kernel";

/** Why the service says no to a definition, besides what the machine knows. */
export const sourceErrors = defineErrors("definition", {
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The definition has mistakes. Each is told as a violation whose field is `file:line:column`; CheckDefinition tells them without registering.",
    message: ({ name, count, first }: { name: string; count: number; first: string }) =>
      `expected a definition without mistakes, found ${count} in ${name}: ${first}; correct the places that are named`,
  },
  sourceNotRun: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Services run no code. A definition in TypeScript is registered by the SDK, which builds the document out of it.",
    message: () =>
      "expected a source in YAML or JSON, found TypeScript; register it with the SDK, or convert it first",
  },
  parametersWanted: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A template has a plan only when its parameters are filled in.",
    message: ({ name }: { name: string }) =>
      `expected parameters for the template ${name}, found none; give them as its parameter schema says`,
  },
  archived: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Nothing new starts with an archived version. Restore it, or start another one.",
    message: ({ name, hash }: { name: string; hash: string }) =>
      `expected a version of ${name} that may be started, found ${hash.slice(0, 12)}, which is archived; restore it, or name another`,
  },
});

/** Why a request is no request, where the contract alone cannot say. */
export const requestErrors = defineErrors("workflow", {
  payloadNotJson: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is computed with has to be a JSON document that is sent inline.",
    message: ({ field, found }: { field: string; found: string }) =>
      `expected a JSON document in ${field}, found ${found}; send one inline`,
  },
});
