import { counted, defineErrors } from "@tutti/kernel";

/** Why the service rejects a definition, in addition to the machine's reasons. */
export const sourceErrors = defineErrors("definition", {
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The definition has errors. Each is a violation whose field is `file:line:column`. CheckDefinition reports them without a registration.",
    message: ({ name, count, first }: { name: string; count: number; first: string }) =>
      `Definition \`${name}\` has ${counted(count, "problem")}, the first: ${first}`,
    remedy: "Correct the listed places and register it again.",
  },
  sourceNotRun: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Services run no code. A definition in TypeScript is registered by the SDK, which builds the document out of it.",
    message: () => "The source is TypeScript, and services run no code",
    remedy: "Register it with the SDK, or convert it to YAML or JSON.",
  },
  parametersWanted: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A template has a plan only when its parameters are filled in.",
    message: ({ name }: { name: string }) => `Template \`${name}\` needs parameters`,
    remedy: "Pass them as its parameter schema describes.",
  },
  archived: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "No new run starts with an archived version. Restore it, or start another version.",
    message: ({ name, hash, reason }: { name: string; hash: string; reason: string }) =>
      `Version ${hash.slice(0, 12)} of definition \`${name}\` is archived${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Restore it, or start another version.",
  },
});

/** Reasons for rejected requests that the contract alone cannot express. */
export const requestErrors = defineErrors("workflow", {
  specUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An item names a specification by its number on the stream, from 1. It is sent before the item, or with it.",
    message: ({ number }: { number: number }) => `Specification ${number} was not sent on this stream`,
    remedy: "Send the specification before the items that refer to it.",
  },
  parentForeign: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Parent and child must be in one namespace. The end of the child is reported to the parent, and the end of the parent can cancel the child.",
    message: ({ found, namespace }: { found: string; namespace: string }) =>
      `The parent is in namespace \`${found}\`, and the run is in namespace \`${namespace}\``,
    remedy: "Start the run in the namespace of its parent, or without a parent.",
  },
  nothingToRun: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A run executes a definition, or tasks that are written in its start.",
    message: () => "The request has neither a definition nor tasks",
    remedy: "Set a definition or tasks.",
  },
  taskRepeated: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Ids of tasks are unique in a run.",
    message: ({ task }: { task: string }) => `Task \`${task}\` is listed more than once`,
    remedy: "Give each task its own id.",
  },
  taskTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Task ids are unique in a run, including the ids of added tasks. No task has been added.",
    message: ({ task }: { task: string }) => `The run already has a task \`${task}\``,
    remedy: "Choose another id for the new task.",
  },
  nothingToDo: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request must set one of the actions on runs.",
    message: () => "The request names no action",
    remedy: "Set the action to apply to the runs.",
  },
  tooManyRuns: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A preview lists its runs one by one, up to a maximum. Narrow the filter, and proceed in several steps.",
    message: ({ max }: { max: number }) => `More than ${max} runs match the filter`,
    remedy: "Narrow the filter, for example by start time.",
  },
  previewOver: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A preview can be applied for one hour, in the namespace of its creation. Create a new preview, and check it.",
    message: () => "The preview token is older than an hour or of another namespace",
    remedy: "Create a new preview.",
  },
});

/** Reasons for missing plans. */
export const planErrors = defineErrors("plan", {
  missing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The plan of a definition is a blob, and was removed or lost. Register the definition again: the same content is the same plan.",
    message: ({ hash }: { hash: string }) => `The plan ${hash.slice(0, 12)} is missing in the blob store`,
    remedy: "Register its definition again.",
  },
});

/** Reasons for children that cannot start. */
export const startErrors = defineErrors("start", {
  kindNotStarted: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "This installation starts no work of this kind for a run.",
    message: ({ kind }: { kind: string }) => `This installation starts no children of the kind ${kind}`,
    remedy: "Start a workflow in the task instead.",
  },
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The id of the child belongs to a run without a parent, or with another parent.",
    message: ({ child }: { child: string }) =>
      `Run \`${child}\` already exists and is not the child of this run`,
    remedy: "Delete that run, or start the parent under another id.",
  },
});

/** Reasons for rejected events and triggers, in addition to those of their machine. */
export const triggerSourceErrors = defineErrors("event", {
  eventInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The event breaks a rule of CloudEvents 1.0 or of its type. No event of the request was accepted.",
    message: ({ id, problem }: { id: string; problem: string }) => `Event \`${id}\`: ${problem}`,
    remedy: "Correct the event and post it again.",
  },
  expressionInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An expression of the trigger is invalid. Expressions of triggers can use the variable `event`.",
    message: ({ field, problem }: { field: string; problem: string }) => `\`${field}\`: ${problem}`,
    remedy: "Correct the expression. `tutti trigger test` tries it with an event.",
  },
  expressionFailed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An expression of the trigger could not be evaluated for this event. The event is a dead letter.",
    message: ({ field, problem }: { field: string; problem: string }) => `\`${field}\`: ${problem}`,
    remedy: "Correct the trigger, then retry the dead letter.",
  },
  startsUndecided: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Some runs of a trigger could not be started now. The service repeats it.",
    message: () => "Some runs could not be started now",
    remedy: "No action needed. The service retries the start.",
  },
});
