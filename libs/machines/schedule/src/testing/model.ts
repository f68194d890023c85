/**
 * A schedule as somebody with a list would keep it: which runs are live, which wait, and what starts when. It is told
 * what happens in its order and says which runs have been started.
 */
export type Manner = "skip" | "queue one" | "queue all" | "cancel" | "terminate" | "allow";

interface Waiting {
  readonly runId: string;
  readonly byClock: boolean;
  readonly givesWay: boolean;
}

export class ScheduleModel {
  readonly started: string[] = [];
  isPaused = false;
  live: string[] = [];
  waiting: Waiting[] = [];
  /** Runs that were asked to end. */
  readonly asked = new Set<string>();

  /** A time has come, or somebody wants a run now. */
  time(runId: string, manner: Manner, byClock: boolean): void {
    if (this.live.length === 0 || manner === "allow") {
      this.#start(runId);
      return;
    }
    if (manner === "skip" || (manner === "queue one" && this.waiting.length > 0)) return;
    const givesWay = manner === "cancel" || manner === "terminate";
    if (givesWay) {
      this.waiting = this.waiting.filter((other) => !other.givesWay);
      for (const other of this.live) this.asked.add(other);
    }
    this.waiting.push({ runId, byClock, givesWay });
  }

  /** A run has ended, or never started. */
  end(runId: string): void {
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
