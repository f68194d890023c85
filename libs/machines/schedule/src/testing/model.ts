/**
 * A plain model of a schedule: live runs, waiting runs, and the next run to start. It receives the events in
 * their order and returns the started runs.
 */
export type Manner = "skip" | "queue one" | "queue all" | "cancel" | "terminate" | "allow";

interface Waiting {
  readonly runId: string;
  readonly byClock: boolean;
  readonly replaceable: boolean;
}

export class ScheduleModel {
  readonly started: string[] = [];
  isPaused = false;
  live: string[] = [];
  waiting: Waiting[] = [];
  /** Runs with a stop request. */
  readonly queried = new Set<string>();

  /** Handles a time, or a manual firing. */
  time(runId: string, manner: Manner, byClock: boolean): void {
    if (this.live.length === 0 || manner === "allow") {
      this.#start(runId);
      return;
    }
    if (manner === "skip" || (manner === "queue one" && this.waiting.length > 0)) return;
    const replaceable = manner === "cancel" || manner === "terminate";
    if (replaceable) {
      this.waiting = this.waiting.filter((other) => !other.replaceable);
      for (const other of this.live) this.queried.add(other);
    }
    this.waiting.push({ runId, byClock, replaceable });
  }

  /** A run has ended, or never started. */
  endRun(runId: string): void {
    this.live = this.live.filter((other) => other !== runId);
    this.#next();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#next();
  }

  #next(): void {
    if (this.live.length > 0) return;
    const next = this.waiting.find(({ byClock }) => !byClock || !this.isPaused);
    if (next === undefined) return;
    this.waiting = this.waiting.filter((other) => other !== next);
    this.#start(next.runId);
  }

  #start(runId: string): void {
    this.started.push(runId);
    this.live.push(runId);
  }
}
