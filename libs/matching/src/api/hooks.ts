import type { HookMoment, HookVerdict } from "@tutti/contracts/swarm/v1";
import type { ErrorDetail, Outcome, Payload, WorkReference } from "@tutti/contracts/types/v1";

/** Something that has a say in a pool, ready to be asked. `compileHook` makes it. */
export interface PoolHook {
  readonly hookId: string;
  readonly moment: HookMoment;
  /** What counts when it fails or does not answer in time. */
  readonly onFailure: "pass" | "deny" | "hold";
  /** Whether it applies. */
  readonly applies: (facts: HookFacts) => Said<boolean>;
  /** What a rule says. Undefined for one that has to be asked. */
  readonly decide: ((facts: HookFacts) => Said<Verdict>) | undefined;
  /** How one that has to be asked is asked. Undefined for a rule. */
  readonly asks: { readonly isBlocking: boolean; readonly timeoutMs: number } | undefined;
}

/** What an evaluation gives, or what went wrong with it, in words. */
export type Said<T> = { readonly value: T } | { readonly problem: string };

/** What hooks see of a task, its agent and its result, by the names that rules use. */
export interface HookFacts {
  readonly task: Readonly<Record<string, unknown>>;
  readonly agent: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, unknown>>;
}

/** What a hook wants. What is absent stays as it is. */
export interface Verdict {
  readonly deny: ErrorDetail | undefined;
  readonly priority: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly delayMs: number;
  /** After a failure. Undefined leaves it to what the failure itself says. */
  readonly retry: "again" | "never" | undefined;
  readonly reason: string;
}

/** An external service is to be asked, or informed. */
export interface HookQuestion {
  /** Names it among all questions of the pool. 0 if no answer is expected. */
  readonly number: number;
  readonly hookId: string;
  /** How long one waits for it. 0 if none is expected. */
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
  /** Undefined lets it be. */
  readonly verdict: HookVerdict | undefined;
  /** Why there is none, in words. Empty when there is. */
  readonly problem: string;
}

/** Where questions go: at the end of a turn, all of it at once. */
export interface HookOutlet {
  ask(questions: readonly HookQuestion[]): void;
}
