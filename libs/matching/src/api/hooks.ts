import type { HookMoment, HookVerdict } from "@tutti/contracts/swarm/v1";
import type { ErrorDetail, Outcome, Payload, WorkReference } from "@tutti/contracts/types/v1";

/** A compiled hook of a pool. `compileHook` makes it. */
export interface PoolHook {
  readonly hookId: string;
  readonly moment: HookMoment;
  /** The verdict if the hook fails or does not answer in time. */
  readonly onFailure: "pass" | "deny" | "hold";
  /** Returns whether the hook applies. */
  readonly applies: (facts: HookFacts) => Evaluated<boolean>;
  /** Returns the verdict of a rule. Undefined for an external hook. */
  readonly decide: ((facts: HookFacts) => Evaluated<Verdict>) | undefined;
  /** How an external hook is asked. Undefined for a rule. */
  readonly call: { readonly isBlocking: boolean; readonly timeoutMs: number } | undefined;
}

/** The value of an evaluation, or its problem as a text. */
export type Evaluated<T> = { readonly value: T } | { readonly problem: string };

/** The facts about a task, its agent and its result, by the names that rules use. */
export interface HookFacts {
  readonly task: Readonly<Record<string, unknown>>;
  readonly agent: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, unknown>>;
}

/** The verdict of a hook. Absent fields stay unchanged. */
export interface Verdict {
  readonly deny: ErrorDetail | undefined;
  readonly priority: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly delayMs: number;
  /** After a failure. Undefined leaves the decision to the error. */
  readonly retry: "again" | "never" | undefined;
  readonly reason: string;
}

/** A question or notification to an external service. */
export interface HookQuestion {
  /** Names it among all questions of the pool. 0 if no answer is expected. */
  readonly number: number;
  readonly hookId: string;
  /** How long the pool waits for the answer. 0 if none is expected. */
  readonly timeoutMs: number;
  readonly moment: HookMoment;
  readonly work: WorkReference;
  readonly capability: string;
  readonly attempt: number;
  readonly agentId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly input: Payload | undefined;
  readonly outcome: Outcome | undefined;
}

export interface HookReply {
  readonly number: number;
  /** Undefined for no change. */
  readonly verdict: HookVerdict | undefined;
  /** Why there is no verdict, as a text. Empty if there is one. */
  readonly problem: string;
}

/** Receives questions: at the end of a turn, all at once. */
export interface HookOutlet {
  send(questions: readonly HookQuestion[]): void;
}
