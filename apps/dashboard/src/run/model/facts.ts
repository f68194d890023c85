/** The data of a run and its tasks that the page uses: small and plain, a part of what the API sends. */
import type { EventActor } from "@tutti/rest/history";
import type { RunState, TaskState } from "./task-state.ts";

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
  readonly cause: Failure | undefined;
}

export interface Reference {
  readonly kind: string;
  readonly id: string;
  readonly task: string;
}

export interface Amounts {
  readonly tokens: number;
  readonly money: number;
  readonly timeMs: number;
}

/** How often which state occurs. */
type Counts = Readonly<Partial<Record<TaskState, number>>> & { readonly total: number };

/** Times are milliseconds since the epoch, 0 where there is none. */
export interface RunFacts {
  readonly id: string;
  readonly namespace: string;
  /** Empty for a list of tasks without a definition. */
  readonly definition: string;
  readonly definitionHash: string;
  readonly versionLabel: string;
  readonly kind: string;
  readonly state: RunState;
  readonly reason: string;
  readonly input: unknown;
  readonly parameters: unknown;
  readonly output: unknown;
  readonly failure: Failure | undefined;
  /** The run that it continued as. */
  readonly continuedAs: Reference | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly pool: string;
  readonly counts: Counts;
  readonly states: readonly string[];
  readonly progress: number;
  readonly openApprovals: number;
  readonly parent: Reference | undefined;
  readonly root: Reference | undefined;
  readonly incarnation: number;
  readonly eventCount: number;
  readonly createMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly startedBy: EventActor | undefined;
  readonly used: Amounts | undefined;
}

export type NeedCondition = "success" | "failure" | "always" | "done";

export interface Need {
  readonly task: string;
  readonly condition: NeedCondition;
}

export interface AttemptFacts {
  readonly number: number;
  /** Undoes the effect of the task. */
  readonly isCompensation: boolean;
  readonly agent: string;
  readonly pool: string;
  readonly queueMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly failure: Failure | undefined;
  /** 0 where it is not known. */
  readonly progress: number;
  readonly message: string;
}

export interface TaskFacts {
  readonly id: string;
  readonly title: string;
  /** `uses`, `wait`, `approve`, … */
  readonly kind: string;
  readonly uses: string;
  /** Tasks with the same gang start together. Empty if it starts by itself. */
  readonly gang: string;
  readonly needs: readonly Need[];
  /** The task that it is an entry, a round or an addition of. Empty if it is part of the definition itself. */
  readonly parentId: string;
  readonly state: TaskState;
  readonly reason: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly hasOutput: boolean;
  readonly failure: Failure | undefined;
  readonly attempts: readonly AttemptFacts[];
  readonly attemptCount: number;
  readonly nextMs: number;
  readonly readyMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly child: Reference | undefined;
  readonly compensates: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly fromCache: boolean;
  readonly sentBack: number;
  readonly used: Amounts | undefined;
}

/** A span of time, made from the journal. */
export interface SpanFacts {
  /** Empty for the work itself. `ship/pack` for a task of a child. Of a session the part, and `p1/pack` in its work. */
  readonly task: string;
  readonly kind: SpanKind;
  readonly attempt: number;
  readonly agent: string;
  readonly startMs: number;
  /** 0 while it continues. */
  readonly endMs: number;
  readonly id: string;
  readonly parentId: string;
  /** Facts of a model call. Undefined for other spans. */
  readonly modelCall: ModelCallFacts | undefined;
}

/** The request to a model, and its costs. */
export interface ModelCallFacts {
  /** With the request: `chat gpt-5`. */
  readonly title: string;
  readonly tokens: number;
  readonly isFailed: boolean;
}

export type SpanKind =
  | "whole"
  | "queue"
  | "attempt"
  | "backoff"
  | "wait"
  | "compensation"
  | "model_call"
  | "part";
