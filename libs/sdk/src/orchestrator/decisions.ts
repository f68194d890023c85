/**
 * Questions to orchestrators of sessions, and their answers. Times are milliseconds since the Unix epoch, 0 for none.
 */
import type { ModeName } from "../client/sessions/spec.ts";

export interface Question {
  readonly session: string;
  /** The part of the session that the orchestrator decides. */
  readonly part: string;
  /** Number of the decision, from 1. */
  readonly number: number;
  /** All tasks of the session, also tasks of other parts and ended tasks. */
  readonly tasks: readonly TaskInfo[];
  /** Agents that accept tasks. */
  readonly agents: readonly AgentInfo[];
}

export interface TaskInfo {
  readonly id: string;
  /** The capability. Empty for children. */
  readonly uses: string;
  readonly needs: readonly string[];
  readonly status: string;
  /** True if it can start now and the orchestrator decides about it. */
  readonly isReady: boolean;
  /** True if the orchestrator has started it, or another part has it. */
  readonly hasStarted: boolean;
  readonly part: string;
  readonly mode: string;
  /** Agent that executes or executed it. Empty before. */
  readonly agent: string;
  /** Learned duration, otherwise the author's estimate. 0 if unknown. */
  readonly expectedMs: number;
  readonly priority: number;
  readonly readyMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Output of a completed task. Absent if all outputs together are long. */
  readonly output?: unknown;
  /** Error message of a failed task. */
  readonly error?: string;
}

export interface AgentInfo {
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
  readonly start?: readonly (string | { readonly task: string; readonly agent?: string })[];
  /** Tasks that have not started, moved to another mode permanently. */
  readonly move?: readonly {
    readonly tasks: readonly string[];
    readonly to: Extract<ModeName, "workflow" | "swarm" | "intelligence">;
    readonly reason?: string;
  }[];
  /** As text, for explanations. */
  readonly reason?: string;
  /**
   * Delay until the next question if nothing changes. By default, the next question follows a change of tasks or agents.
   */
  readonly askAgainAfterMs?: number;
}
