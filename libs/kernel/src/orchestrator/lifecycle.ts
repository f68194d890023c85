import type { TuttiError } from "../errors/tutti-error.ts";

/**
 * The lifecycle state of an orchestrator. It only moves forward:
 *
 *     created → starting → ready → draining → stopped
 *                  └──────────────────↑   └─→ failed
 *
 * `draining` is everything between the decision to stop and its end: finishing running work, then stopping the
 * components, also those of a start that failed. `since` is the wall clock, in milliseconds.
 */
export type Lifecycle =
  | { readonly state: "created"; readonly since: number }
  | { readonly state: "starting"; readonly since: number }
  | { readonly state: "ready"; readonly since: number; readonly startDurationMs: number }
  | { readonly state: "draining"; readonly since: number }
  | { readonly state: "stopped"; readonly since: number }
  | FailedLifecycle;

export interface FailedLifecycle {
  readonly state: "failed";
  readonly since: number;
  readonly reason: TuttiError;
  /** The component, or step of the start-up, that failed. Undefined if several failed. */
  readonly component: string | undefined;
  /** Errors while the others were drained and stopped, in order. */
  readonly problems: readonly TuttiError[];
}

export type LifecycleState = Lifecycle["state"];

export const lifecycleStates = [
  "created",
  "starting",
  "ready",
  "draining",
  "stopped",
  "failed",
] as const satisfies readonly LifecycleState[];

const successors: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  created: ["starting", "stopped"],
  starting: ["ready", "draining"],
  ready: ["draining"],
  draining: ["stopped", "failed"],
  stopped: [],
  failed: [],
};

export function mayFollow(from: LifecycleState, to: LifecycleState): boolean {
  return successors[from].includes(to);
}
