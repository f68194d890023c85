/** What orchestrators of sessions are asked, and what they answer. Moments are milliseconds since the Unix epoch, 0 where there is none. */
import type { ModeWord } from "../client/sessions/spec.ts";

export interface Question {
  readonly session: string;
  /** The part of the session that is theirs to decide about. */
  readonly part: string;
  /** Of the decision, from 1. */
  readonly number: number;
  /** All tasks of the session, those of other parts and those that have ended included. */
  readonly tasks: readonly TaskStanding[];
  /** Agents that can be given work. */
  readonly agents: readonly AgentStanding[];
}

export interface TaskStanding {
  readonly id: string;
  /** The capability. Empty for children. */
  readonly uses: string;
  readonly needs: readonly string[];
  readonly status: string;
  /** Whether it can start now, and it is for them to say so. */
  readonly isReady: boolean;
  /** Whether the owner refused this already, or another part has it. */
  readonly hasBegun: boolean;
  readonly part: string;
  readonly mode: string;
  /** Who does it or did it. Empty before. */
  readonly agent: string;
  /** By what was learned, else as its author says. 0 if unknown. */
  readonly expectedMs: number;
  readonly priority: number;
  readonly readyMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Of one that did well. Left out where all outputs together are long. */
  readonly output?: unknown;
  /** Of one that failed, in words. */
  readonly error?: string;
}

export interface AgentStanding {
  readonly id: string;
  readonly slots: number;
  readonly freeSlots: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Capabilities it offers. */
  readonly uses: readonly string[];
}

export interface Decision {
  /**
   * Tasks that start, each with an optional agent, which gets the task while it has room. Tasks that are not ready are
   * left out.
   */
  readonly begin?: readonly (string | { readonly task: string; readonly agent?: string })[];
  /** Tasks that have not started, given to another mode for good. */
  readonly move?: readonly {
    readonly tasks: readonly string[];
    readonly to: Extract<ModeWord, "workflow" | "swarm" | "intelligence">;
    readonly reason?: string;
  }[];
  /** As text, for explanations. */
  readonly reason?: string;
  /** When to ask again though nothing has happened. Otherwise it is asked when tasks end or come, or agents come and go. */
  readonly againMs?: number;
}
