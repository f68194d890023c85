import type { EncodedType, Json } from "@tutti/expressions";
import type { RetryPolicy, RetrySettings } from "@tutti/kernel";
import type { PlanKindWord } from "../language/task-shape.ts";

/**
 * The program of the run machine: tasks by dense numbers, the number of needs and the successors of each, and programs
 * by number. Plain JSON, so that it can be stored and hashed. The same content gives the same plan, to the byte.
 *
 * Invariants:
 *
 * 1. Tasks of one scope have numbers in a row, in the order of the definition. Scope 0 is the run itself (or empty, for
 *    a definition of states).
 * 2. `needs` of a task is the number of its incoming edges. Each edge connects two tasks of one scope.
 * 3. Edges have no cycle.
 * 4. A number of a program, work, policy, scope or state is -1 for none, and otherwise exists.
 */
export interface Plan {
  readonly format: 1;
  readonly name: string;
  readonly kind: "tasks" | "states";
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly inputSchema: Json;
  readonly outputSchema: Json;
  /** Schema of `parameters`. Null if the definition is not a template. */
  readonly parameters: Json;
  /** Initial values of `vars`. */
  readonly vars: Readonly<Record<string, Json>>;
  readonly entries: readonly PlanEntry[];
  readonly run: RunPolicy;
  /** Program of the output; -1 for the outputs of all tasks of scope 0 by id. */
  readonly output: number;
  readonly scopes: readonly PlanScope[];
  readonly tasks: readonly PlanTask[];
  /**
   * For tasks that are added to a run: ids of existing tasks that are needed. They have the last numbers of `tasks`, in
   * this order, and are in no scope.
   */
  readonly outside: readonly string[];
  readonly edges: PlanEdges;
  readonly works: readonly Work[];
  readonly policies: readonly TaskPolicy[];
  readonly programs: readonly PlanProgram[];
  /** Types of references, interned. */
  readonly types: readonly EncodedType[];
  readonly states: readonly PlanState[];
  readonly transitions: readonly PlanTransition[];
  /** Initial state; -1 for a definition of tasks. */
  readonly initial: number;
}

export interface PlanTask {
  readonly id: string;
  readonly title: string;
  readonly kind: PlanKindWord;
  readonly scope: number;
  /** Number of incoming edges. */
  readonly needs: number;
  readonly work: number;
  readonly policy: number;
  /** Program of the input. For `set`, of the value. */
  readonly input: number;
  readonly when: number;
  readonly forEach: number;
}

/** Tasks that are started together: the run's own, those of a round of a loop, those of a list of actions. */
export interface PlanScope {
  /** Owner of the tasks; -1 for the run and for states. */
  readonly owner: number;
  readonly first: number;
  readonly count: number;
  /** Number of its tasks without needs. */
  readonly roots: number;
}

/**
 * The successors of all tasks, as one list: those of task t are at `offsets[t]` to `offsets[t + 1]`.
 * Conditions: 0 success, 1 failure, 2 always.
 */
export interface PlanEdges {
  readonly offsets: readonly number[];
  readonly targets: readonly number[];
  readonly conditions: readonly number[];
}

/** Conditions by their numbers. `done`: completed, or skipped by its own condition. */
export const needConditions = ["success", "failure", "always", "done"] as const;
export type NeedConditionWord = (typeof needConditions)[number];

/** Capabilities from which an expression selects one. */
export interface Among {
  /** Program of the name. */
  readonly program: number;
  readonly capabilities: readonly { readonly capability: string; readonly versionRange: string }[];
}

/** Work of a task. */
export type Work =
  | {
      readonly kind: "uses" | "function";
      readonly capability: string;
      readonly versionRange: string;
      /**
       * Only if the capability is computed: `capability` and `versionRange` are then those of the first candidate.
       * Otherwise the key is absent, so that plans keep their hash.
       */
      readonly among?: Among;
    }
  | {
      readonly kind: "workflow" | "mission";
      readonly definition: string;
      /** Label of the version. Empty for `latest`, or if the hash is given. */
      readonly label: string;
      readonly hash: string;
      readonly parameters: number;
      readonly parentClose: "cancel" | "terminate" | "abandon";
    }
  | { readonly kind: "waitFor"; readonly span: number; readonly ms: number }
  | { readonly kind: "waitUntil"; readonly moment: number }
  | {
      readonly kind: "waitSignal";
      readonly signal: string;
      readonly where: number;
      readonly within: number;
      readonly withinMs: number;
    }
  | {
      readonly kind: "waitEvent";
      readonly type: string;
      /** Empty for any. */
      readonly source: string;
      readonly condition: number;
      readonly within: number;
      readonly withinMs: number;
    }
  | {
      readonly kind: "approve";
      readonly by: readonly string[];
      readonly exclude?: number;
      readonly title: number;
      readonly message: number;
      readonly context: number;
      readonly form: Json;
      readonly needed: number;
      readonly withinMs: number;
      readonly claimMs?: number;
    }
  | {
      readonly kind: "gate";
      readonly checks: readonly { readonly name: string; readonly condition: number }[];
      /** Task that work is sent back to; -1 if the gate only fails. */
      readonly sendBack: number;
      readonly times: number;
      readonly report: number;
    }
  | { readonly kind: "set" }
  | {
      readonly kind: "loop";
      readonly scope: number;
      readonly while: number;
      readonly until: number;
      readonly max: number;
      readonly everyMs: number;
      readonly initial: number;
      readonly output: number;
    }
  | {
      readonly kind: "spawn";
      readonly tasks: number;
      readonly max: number;
      /** Absent if not set, so that plans without it keep their hashes. */
      readonly returnErrors?: true;
    };

/** 0 means without limit. */
export interface Timeouts {
  readonly queueMs: number;
  readonly runMs: number;
  readonly heartbeatMs: number;
  readonly totalMs: number;
}

export interface Selector {
  readonly equals: Readonly<Record<string, string>>;
  readonly exists: readonly string[];
  readonly absent: readonly string[];
}

export interface KeyedLimit {
  readonly key: number;
  /** 0 means any number. */
  readonly concurrency: number;
  /** 0 means any number. */
  readonly rateCount: number;
  readonly ratePerMs: number;
  readonly rateBurst: number;
  /** Concurrency per named resource. Absent without any. */
  readonly resources?: Readonly<Record<string, number>>;
}

/** What a task is expected to cost. */
export interface CostHint {
  readonly durationMs: number;
  readonly money: number;
  readonly tokens: number;
  /** Fields of the input that the duration depends on. */
  readonly by?: readonly string[];
}

/** Options of a task. Tasks with the same options share one policy. */
export interface TaskPolicy {
  /** 0 means all. */
  readonly maxParallel: number;
  readonly failFast: boolean;
  readonly retry: RetryPolicy;
  readonly timeouts: Timeouts;
  readonly compensate: Compensation | null;
  readonly priority: number;
  readonly labels: Readonly<Record<string, number>>;
  readonly placement: Placement | null;
  readonly resources: Readonly<Record<string, number>>;
  readonly estimate: CostHint;
  readonly checks: readonly QualityCheck[];
  readonly limits: readonly KeyedLimit[];
  readonly cache: CachePolicy | null;
  /** Program of the due time of its outcome. */
  readonly dueTime: number;
  readonly idempotencyKey: number;
  readonly mayBeDoubled: boolean;
  readonly mayFail: boolean;
  /**
   * Budget of all its attempts together. Absent in plans without it, like the next field, so that their hashes
   * stay.
   */
  readonly budget?: Budget;
  /** Tasks that start together. */
  readonly gang?: string;
}

/** 0 means without limit. */
interface Budget {
  readonly tokens: number;
  readonly money: number;
  readonly timeMs: number;
}

export interface CachePolicy {
  readonly key: number;
  readonly ttlMs: number;
  /** Absent in plans without it, like the next three, so that their hashes stay. */
  readonly staleMs?: number;
  readonly failuresMs?: number;
  /** Program of a list. */
  readonly tags?: number;
  /** Whether tasks compute until their outputs are shown to be equal. */
  readonly auto?: boolean;
}

export interface Compensation {
  readonly capability: string;
  readonly versionRange: string;
  readonly input: number;
  readonly retry: RetryPolicy;
  readonly timeouts: Timeouts;
}

export interface Placement {
  readonly pool: string;
  readonly require: Selector;
  readonly prefer: Selector;
  readonly sameAgentAs: readonly number[];
  readonly notAgentOf: readonly number[];
  readonly stickyKey: number;
  readonly contextKey: number;
}

export interface QualityCheck {
  readonly name: string;
  readonly condition: number;
  readonly onFailure: "fail" | "sendBack" | "approval";
  readonly sendBackTo: number;
  readonly times: number;
}

export interface RunPolicy {
  readonly pool: string;
  readonly priority: number;
  readonly timeoutMs: number;
  readonly retentionMs: number;
  readonly limits: readonly KeyedLimit[];
  /** Keyed object whose calls the runs are. Absent if not set, so that plans without it keep their hashes. */
  readonly object?: ObjectPolicy;
  readonly onFailure: "compensate" | "keep";
  /**
   * Retry settings of tasks without `retry`, if they differ from the default of the platform. Also for added
   * tasks.
   */
  readonly retry?: RetrySettings;
  readonly continueAsNew: { readonly when: number; readonly input: number } | null;
}

/** Programs. -1 for none. */
export interface ObjectPolicy {
  readonly key: number;
  readonly reader: number;
  readonly call: number;
}

export interface PlanEntry {
  readonly kind: "signal" | "query" | "update";
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Json;
  readonly outputSchema: Json;
  readonly validate: number;
  readonly message: number;
  readonly set: Readonly<Record<string, number>>;
  readonly output: number;
}

/** A value that a program reads. */
export interface PlanReference {
  /** Name: `input`, `tasks.reserve.output`, `item`. */
  readonly name: string;
  /** Number of the task, for names of tasks. Otherwise -1. */
  readonly task: number;
  /** Field of the task. `task` for an object of all three, empty for other names. */
  readonly field: "" | "output" | "status" | "error" | "task";
  /** Index in the types of the plan. */
  readonly type: number;
}

/** A program: JSON with expressions in its texts, a text, or one expression. */
export interface PlanProgram {
  readonly form: "constant" | "data" | "template" | "condition";
  readonly source: Json;
  readonly references: readonly PlanReference[];
  /** Index of the only reference, if the program consists of it; -1 for any other. */
  readonly passes: number;
}

export interface PlanState {
  readonly name: string;
  readonly title: string;
  readonly entry: number;
  readonly exit: number;
  /** Task of the state. */
  readonly run: number;
  readonly onDone: readonly number[];
  readonly onFailed: readonly number[];
  readonly on: readonly { readonly signal: string; readonly transitions: readonly number[] }[];
  readonly after: readonly { readonly ms: number; readonly transitions: readonly number[] }[];
  readonly always: readonly number[];
  readonly final: boolean;
  readonly output: number;
  readonly fail: number;
}

export interface PlanTransition {
  /** Next state; -1 stays. */
  readonly to: number;
  readonly when: number;
  readonly set: Readonly<Record<string, number>>;
  /** Scope of the actions of the transition. */
  readonly do: number;
}
