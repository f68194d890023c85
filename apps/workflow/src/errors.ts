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
  specUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An item names a specification by its number on the stream, from 1. It is sent before the item, or with it.",
    message: ({ number }: { number: number }) =>
      `expected a specification with the number ${number} on this stream, found none; send it before the item`,
  },
  parentForeign: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Parent and child are in one namespace: the end of the child is reported to the parent, and the end of the parent can cancel the child.",
    message: ({ found, namespace }: { found: string; namespace: string }) =>
      `The parent is in namespace ${found}, the run in ${namespace}. Start the run in the namespace of its parent, or without a parent.`,
  },
  nothingToRun: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A run executes a definition, or tasks that are written in its start.",
    message: () => "expected a definition or tasks to run, found neither; name one",
  },
  taskRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Ids of tasks are unique in a run.",
    message: ({ task }: { task: string }) =>
      `expected every task once, found ${task} more than once; give each an id of its own`,
  },
  taskTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Ids of tasks are unique in a run, those that were added included. None of the tasks has been added.",
    message: ({ task }: { task: string }) =>
      `expected ids that the run does not have yet, found ${task}; give it another one`,
  },
  nothingToDo: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "One of the actions on runs has to be named.",
    message: () => "expected an action, found none; name what is to be done with the runs",
  },
  tooManyRuns: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A preview names its runs one by one, and only so many. Narrow the filter, and do it in several steps.",
    message: ({ max }: { max: number }) =>
      `expected a filter that at most ${max} runs match, found more; narrow it, such as by the time of their start`,
  },
  previewOver: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A preview can be applied for an hour, in the namespace that it was made in. Make a new one, and look at it.",
    message: () =>
      "expected the token of a preview that is less than an hour old, found none of this namespace; make a preview anew",
  },
  inputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input has to satisfy the schema of the definition. Each violation says where it does not.",
    message: ({ count }: { count: number }) =>
      `expected an input that satisfies the definition's schema, found ${count === 1 ? "one violation" : `${count} violations`}; correct the places that are named`,
  },
});

/** Why a plan is not to be had. */
export const planErrors = defineErrors("plan", {
  missing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The plan of a definition is a blob, and was removed or lost. Register the definition again: the same content is the same plan.",
    message: ({ hash }: { hash: string }) =>
      `expected the plan ${hash.slice(0, 12)} among the blobs of this machine, found none; register its definition again`,
  },
});

/** Why a child cannot be started. */
export const startErrors = defineErrors("start", {
  kindNotStarted: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "This installation starts no work of this kind for a run.",
    message: ({ kind }: { kind: string }) =>
      `expected a kind of child that is started here, found ${kind}; let the task use a workflow`,
  },
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run that belongs to nobody, or to another parent, has the id that the child was to have.",
    message: ({ child }: { child: string }) =>
      `expected no run ${child} but the child, found one of somebody else; remove it, or start the parent under another id`,
  },
});
