/**
 * The condition of a component or orchestrator in one word: its lifecycle state, or its health while it serves. It has
 * the time of the last change, the last error, and the number of failures.
 *
 * 1. `sinceMs` changes only with the state. Another reason for the same state keeps it.
 * 2. A failure counts when it starts: a component that goes from degraded to unhealthy has failed once.
 * 3. A recovery keeps the last error, so that a fault that comes and goes can be seen.
 */
import type { Clock } from "../ports/clock.ts";
import type { Health, HealthLevel } from "./health/health.ts";

type ConditionState =
  | "pending"
  | "starting"
  | "ready"
  | "degraded"
  | "unhealthy"
  | "draining"
  | "stopping"
  | "stopped"
  | "failed";

/** Condition in one word, its start, and earlier failures. */
export interface ConditionStatus {
  readonly state: ConditionState;
  /** When it entered the state, as ISO 8601 in UTC. */
  readonly since: string;
  /** Why it is degraded, unhealthy or failed. Empty otherwise. */
  readonly reason: string;
  /** How often it became degraded or unhealthy, or failed, since the process started. */
  readonly failures: number;
  /** The latest failure, also after a recovery. Null if it never failed. */
  readonly lastError: { readonly reason: string; readonly time: string } | null;
}

const whileServing: Readonly<Record<HealthLevel, ConditionState>> = {
  healthy: "ready",
  degraded: "degraded",
  unhealthy: "unhealthy",
};

/** The words of both lifecycles: of an orchestrator, and of a component. */
type Life =
  | "created"
  | "registered"
  | "starting"
  | "ready"
  | "started"
  | "draining"
  | "stopping"
  | "stopped"
  | "failed";

export function conditionOf(life: Life, { level }: Pick<Health, "level">): ConditionState {
  switch (life) {
    case "created":
    case "registered":
      return "pending";
    case "ready":
    case "started":
      return whileServing[level];
    default:
      return life;
  }
}

const failures: ReadonlySet<ConditionState> = new Set(["degraded", "unhealthy", "failed"]);

export class ConditionTracker {
  readonly #clock: Pick<Clock, "now">;
  #state: ConditionState = "pending";
  #sinceMs: number;
  #reason = "";
  #failures = 0;
  #lastError: { readonly reason: string; readonly timeMs: number } | undefined;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  observe(life: Life, health: Health): void {
    const state = conditionOf(life, health);
    const isFailure = failures.has(state);
    if (state === this.#state && health.reason === this.#reason) return;
    const nowMs = this.#clock.now();
    if (isFailure) this.#lastError = { reason: health.reason, timeMs: nowMs };
    if (isFailure && !failures.has(this.#state)) this.#failures += 1;
    if (state !== this.#state) this.#sinceMs = nowMs;
    this.#state = state;
    this.#reason = health.reason;
  }

  status(): ConditionStatus {
    const lastError = this.#lastError;
    return {
      state: this.#state,
      since: new Date(this.#sinceMs).toISOString(),
      // Before and after it serves, the state itself is sufficient.
      reason: failures.has(this.#state) ? this.#reason : "",
      failures: this.#failures,
      lastError:
        lastError === undefined
          ? null
          : { reason: lastError.reason, time: new Date(lastError.timeMs).toISOString() },
    };
  }
}
