/**
 * The health of one component from two sources: its own reports, and its health check. The worse of the two counts.
 *
 * 1. A check never runs twice concurrently: a hanging check is not called again until it answers.
 * 2. The caller has an answer within the timeout. A check that does not answer makes the component unhealthy.
 * 3. Answers younger than the cache time are reused.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Timers } from "../../ports/timers.ts";
import { durationText } from "../../text.ts";
import { withDeadline } from "../deadline.ts";
import { problemOf } from "../steps/pipeline.ts";
import {
  degraded,
  type Health,
  type HealthDetails,
  healthy,
  sameHealth,
  unhealthy,
  worseOf,
} from "./health.ts";

/** Reports the health of a component at the moment it changes. */
export interface HealthReporter {
  healthy(): void;
  degraded(reason: string, details?: HealthDetails): void;
  unhealthy(reason: string, details?: HealthDetails): void;
}

export interface HealthMonitorOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMs: number;
  readonly cacheMs: number;
  /** The component's health check. Undefined if it has none. */
  readonly check: (() => Health | Promise<Health>) | undefined;
  readonly changed: (from: Health, to: Health) => void;
}

export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  #reported: Health = healthy;
  #checked: Health = healthy;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;
  #hanging = false;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
  }

  /** The last known health. */
  get current(): Health {
    return worseOf(this.#reported, this.#checked);
  }

  readonly reporter: HealthReporter = {
    healthy: () => this.report(healthy),
    degraded: (reason, details) => this.report(degraded(reason, details)),
    unhealthy: (reason, details) => this.report(unhealthy(reason, details)),
  };

  report(health: Health): void {
    this.#update(() => {
      this.#reported = health;
    });
  }

  /** Accepts a health like an answer of the check, from a component that reports changes by itself. */
  observe(health: Health): void {
    this.#checkedAtMs = this.#options.clock.monotonic();
    this.#update(() => {
      this.#checked = health;
    });
  }

  /** Calls the check, unless its last answer is fresh or still pending. Never rejects. */
  refresh(): Promise<void> {
    const { check, clock, cacheMs } = this.#options;
    if (check === undefined || this.#hanging) return Promise.resolve();
    if (this.#checking !== undefined) return this.#checking;
    if (clock.monotonic() - this.#checkedAtMs < cacheMs) return Promise.resolve();
    this.#checking = this.#runCheck(check).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #runCheck(check: () => Health | Promise<Health>): Promise<void> {
    const { timers, timeoutMs } = this.#options;
    try {
      const answer = check();
      // Most checks answer at once, once a second each. A deadline would cost more than they do.
      if (!(answer instanceof Promise)) return this.observe(answer);
      const health = await withDeadline(() => answer, {
        timers,
        timeoutMs,
        timedOut: () => {
          this.#hanging = true;
          return new Error(`its health check did not answer within ${durationText(timeoutMs)}`);
        },
        late: (outcome) => {
          this.#hanging = false;
          this.observe(outcome.status === "fulfilled" ? outcome.value : failed(outcome.reason));
        },
      });
      this.observe(health);
    } catch (error) {
      this.observe(failed(error));
    }
  }

  #update(change: () => void): void {
    const from = this.current;
    change();
    const to = this.current;
    if (!sameHealth(from, to)) this.#options.changed(from, to);
  }
}

function failed(error: unknown): Health {
  return unhealthy(problemOf(error));
}
