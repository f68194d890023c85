import type { Json } from "@tutti/expressions";
import type {
  AgentDocument,
  ApproveDocument,
  GateDocument,
  LoopDocument,
  TaskDocument,
  WaitDocument,
  WorkflowDocument,
} from "../language/document.ts";
import type { Capability } from "./capability.ts";
import { type Expression, written } from "./expression.ts";

/**
 * Definitions in code. They are the same documents as in YAML. The builder adds types, which know the names of tasks,
 * the options of each kind, and the fields of references.
 */

/** An expression as a definition in YAML writes it. */
type ExpressionText = `${string}\${{${string}}}${string}`;

/** A part of a document. An expression may replace it. */
export type Built<T> =
  | T
  | Expression
  | ExpressionText
  | (T extends readonly (infer E)[]
      ? readonly Built<E>[]
      : T extends object
        ? { readonly [K in keyof T]: Built<T[K]> }
        : never);

type KindKey =
  | "uses"
  | "function"
  | "agent"
  | "workflow"
  | "mission"
  | "wait"
  | "approve"
  | "gate"
  | "set"
  | "loop"
  | "spawn";
type Common =
  | "title"
  | "needs"
  | "when"
  | "forEach"
  | "maxParallel"
  | "failFast"
  | "priority"
  | "labels"
  | "mayFail";
type OfWork =
  | Common
  | "with"
  | "retry"
  | "timeout"
  | "compensate"
  | "checks"
  | "limits"
  | "dueTime"
  | "idempotencyKey"
  | "cost";
type OfWaiting = Common | "timeout" | "dueTime" | "cost";
type Options<Id extends string, K extends keyof TaskDocument> = {
  readonly [P in K]?: Built<Exclude<TaskDocument<Id>[P], undefined>>;
};

export type AgentOptions<Id extends string = string> = Options<
  Id,
  Exclude<keyof TaskDocument, KindKey | "parameters" | "parentClose">
>;
export type ChildOptions<Id extends string = string> = Options<Id, OfWork | "parameters" | "parentClose">;
export type WaitingOptions<Id extends string = string> = Options<Id, OfWaiting>;
export type ComputingOptions<Id extends string = string> = Options<Id, Common>;

function task<Id extends string>(kind: KindKey, value: unknown, options: object): TaskDocument<Id> {
  return written({ [kind]: value, ...options }) as TaskDocument<Id>;
}

/** Options of a task that uses a typed capability: `with` has the type of its input. */
export type TypedOptions<Id extends string, With> = Omit<AgentOptions<Id>, "with"> &
  (undefined extends With ? { readonly with?: Built<With> } : { readonly with: Built<With> });

/** Returns a task that an agent executes. */
export function uses<const Id extends string = never>(
  capability: string,
  options?: AgentOptions<Id>,
): TaskDocument<NoInfer<Id>>;
export function uses<const Id extends string = never, With = unknown>(
  capability: Capability<With>,
  options: TypedOptions<Id, With>,
): TaskDocument<NoInfer<Id>>;
export function uses<With>(
  capability: Capability<With> & (undefined extends With ? unknown : never),
): TaskDocument<never>;
export function uses(
  capability: string | Capability,
  options: AgentOptions | TypedOptions<string, unknown> = {},
): TaskDocument {
  return task("uses", typeof capability === "string" ? capability : capability.name, options);
}

/** Returns a task that a child run executes. */
export function child<const Id extends string = never>(
  definition: string,
  options: ChildOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("workflow", definition, options);
}

/** Returns a task that a mission executes. */
export function mission<const Id extends string = never>(
  definition: string,
  options: ChildOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("mission", definition, options);
}

/** Waits for a duration, until a time, or for a signal. */
export function wait<const Id extends string = never>(
  document: Built<string | WaitDocument>,
  options: WaitingOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("wait", document, options);
}

/** Waits for a person. */
export function approve<const Id extends string = never>(
  question: Built<ApproveDocument>,
  options: WaitingOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("approve", question, options);
}

type GateOptions<Id extends string> = {
  readonly [P in Exclude<keyof GateDocument, "sendBack">]?: Built<Exclude<GateDocument[P], undefined>>;
} & { readonly sendBack?: Id };

/** Checks results: passes, fails, or sends back. */
export function gate<const Id extends string = never>(
  check: Expression | ExpressionText | GateOptions<Id>,
  options: WaitingOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("gate", check, options);
}

/** Returns a task that a durable function executes, step by step. */
export function durableTask<const Id extends string = never>(
  name: string,
  options: AgentOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("function", name, options);
}

/** Returns a task that a language model with tools executes. */
export function agent<const Id extends string = never>(
  document: Built<AgentDocument>,
  options: Omit<AgentOptions<Id>, "with"> = {},
): TaskDocument<NoInfer<Id>> {
  return task("agent", document, options);
}

/** Computes a value. */
export function set<const Id extends string = never>(
  value: Built<Json>,
  options: ComputingOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("set", value, options);
}

/** Repeats tasks. */
export function loop<const Id extends string = never>(
  rounds: Built<LoopDocument>,
  options: WaitingOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("loop", rounds, options);
}

/** Adds the tasks that a result contains. */
export function spawn<const Id extends string = never>(
  tasks: Built<Exclude<TaskDocument["spawn"], undefined>>,
  options: ComputingOptions<Id> = {},
): TaskDocument<NoInfer<Id>> {
  return task("spawn", tasks, options);
}

type RunOptions = {
  readonly [K in Exclude<keyof WorkflowDocument, "workflow" | "tasks">]?: Built<
    Exclude<WorkflowDocument[K], undefined>
  >;
};

/** Returns a definition. Needs of tasks must be names of its tasks. Otherwise the code does not compile. */
export function workflow<const Id extends string>(
  name: string,
  definition: RunOptions & { readonly tasks?: { readonly [K in Id]: TaskDocument<NoInfer<Id>> } },
): WorkflowDocument<Id> {
  return written({ workflow: name, ...definition }) as unknown as WorkflowDocument<Id>;
}
