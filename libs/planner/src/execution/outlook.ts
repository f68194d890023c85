import type { Estimate, Estimates } from "../estimates/estimates.ts";
import { latenessOf } from "../estimates/lateness.ts";
import { Median } from "../structures/median.ts";
import { durationMs, type Problem } from "../work/problem.ts";

/** The present expectations about tasks that have not ended. */
export interface Outlook {
  /** Returns the expected duration of the task at the agent. */
  expectedMs(task: number, agent: number): number;
  /** Returns the maximum remaining time, in this share of cases, after an elapsed time. */
  remainingMs(task: number, agent: number, elapsedMs: number, share: number): number;
  /** Returns the expected duration at an average agent: for the ranks of tasks. */
  usualMs(task: number): number;
  /** Called before ranks of all remaining tasks are computed. */
  prepare(): void;
  /** Called with the running attempts and their starts: unfinished attempts give information too. */
  watch?(running: Running, nowMs: number): void;
  /** Called when the task may start: its inputs and their sizes are known. */
  ready(task: number): void;
  /** Called when the task has ended, to learn from its duration. */
  learn(task: number, agent: number, runMs: number): void;
}

/** Running attempts of tasks. */
export type Running = ReadonlyMap<number, readonly { readonly agent: number; readonly startMs: number }[]>;

/** All durations are known from the start. */
export class KnownTimes implements Outlook {
  readonly #problem: Problem;

  constructor(problem: Problem) {
    this.#problem = problem;
  }

  expectedMs(task: number, agent: number): number {
    return durationMs(this.#problem, task, agent);
  }

  remainingMs(task: number, agent: number, elapsedMs: number): number {
    return Math.max(0, durationMs(this.#problem, task, agent) - elapsedMs);
  }

  usualMs(task: number): number {
    const { sizesMs, demands, meanPace } = this.#problem;
    return (sizesMs[task] ?? 0) * (meanPace[demands[task] ?? 0] ?? 1);
  }

  prepare(): void {
    // Nothing to find out.
  }

  ready(): void {
    // Durations are as given.
  }

  learn(): void {
    // Nothing new.
  }
}

/** The description of a task for estimates. */
export interface Described {
  readonly capability: string;
  readonly within: readonly string[];
  /** Size of its input, read when the input is available. 0 if unknown. */
  readonly inputBytes: number;
  /** The key that its author declared. Absent if none. */
  readonly key?: string;
}

/** The description of an agent for estimates: by its history, or only by its declared speed. */
export interface DescribedAgent {
  readonly agentId: string;
  /** Factor of its durations compared with an agent of speed 1. Absent: as learned. */
  readonly slowness?: number;
}

/** Bounds of plausible deviations of logarithms. */
const deviations = { least: 0.1, most: 1.5 } as const;
/** Below this variance a kind is known well: then single tasks are late, not the kind. */
const betweenLeast = 0.01;
/** The expectation without any knowledge. */
const unknownMs = 1_000;
const unknownGrowth = 0.5;

/**
 * Estimates of tasks in a table of kinds and agents. It is read millions of times, and an end changes the row
 * of its kind and the column of its agent. The size of a task's input relative to its kind is a separate
 * factor. Before the input is available, its relative size is expected to be that of its predecessors.
 */
export class LearnedTimes implements Outlook {
  readonly #estimates: Estimates;
  readonly #tasks: readonly Described[];
  readonly #kindOf: Uint32Array;
  readonly #rows: Row[] = [];
  readonly #agents: readonly DescribedAgent[];
  readonly #isThere: Uint8Array;
  /** Difference between the logarithm of the input's size and the usual one of the kind. */
  readonly #deviations: Float64Array;
  readonly #problem: Problem;

  constructor(
    problem: Problem,
    estimates: Estimates,
    tasks: readonly Described[],
    agents: readonly DescribedAgent[],
  ) {
    this.#problem = problem;
    this.#deviations = new Float64Array(tasks.length);
    this.#estimates = estimates;
    this.#tasks = tasks;
    this.#agents = agents;
    const numbers = new Map<string, number>();
    this.#kindOf = Uint32Array.from(tasks, ({ capability, within, key = "" }) => {
      const kind = `${capability}\n${key}`;
      const known = numbers.get(kind);
      if (known !== undefined) return known;
      numbers.set(kind, this.#rows.length);
      return this.#rows.push(new Row({ capability, within, key }, agents.length)) - 1;
    });
    this.#isThere = new Uint8Array(tasks.length);
  }

  expectedMs(task: number, agent: number): number {
    const row = this.#row(task, agent);
    const deviation = row.deviations[agent] ?? 0;
    return (row.medians[agent] ?? 0) * this.#factor(task, row) * Math.exp(deviation ** 2 / 2);
  }

  usualMs(task: number): number {
    return this.expectedMs(task, this.#agents.length);
  }

  /** For a logistic distribution of logarithms of durations, which has a closed formula. */
  remainingMs(task: number, agent: number, elapsedMs: number, share: number): number {
    const row = this.#row(task, agent);
    const median = (row.medians[agent] ?? 0) * this.#factor(task, row);
    const shape = Math.PI / (Math.sqrt(3) * (row.deviations[agent] ?? 1));
    const passed = Math.min(1e6, (elapsedMs / median) ** shape);
    return Math.max(0, median * ((1 + passed) / (1 - share) - 1) ** (1 / shape) - elapsedMs);
  }

  prepare(): void {
    const { order, before } = this.#problem;
    const { offsets, targets } = before;
    for (const task of order) {
      const from = offsets[task] ?? 0;
      const to = offsets[task + 1] ?? 0;
      let sum = 0;
      for (let edge = from; edge < to; edge++) sum += this.#deviations[targets[edge] ?? 0] ?? 0;
      this.#deviations[task] =
        this.#isThere[task] === 1 ? this.#ownDeviation(task) : sum / Math.max(1, to - from);
    }
  }

  /** Little known kinds whose tasks run longer than expected have longer expectations. */
  watch(running: Running, nowMs: number): void {
    const elapsed: number[][] = this.#rows.map(() => []);
    for (const [task, attempts] of running) {
      let most = Number.NEGATIVE_INFINITY;
      for (const { agent, startMs } of attempts) {
        const row = this.#row(task, agent);
        const believedMs = (row.medians[agent] ?? 0) * this.#sizeFactor(task, row);
        if (nowMs > startMs && believedMs > 0)
          most = Math.max(most, Math.log((nowMs - startMs) / believedMs));
      }
      if (most > Number.NEGATIVE_INFINITY) elapsed[this.#kindOf[task] ?? 0]?.push(most);
    }
    this.#rows.forEach((row, kind) => {
      row.watch(elapsed[kind] ?? []);
    });
  }

  ready(task: number): void {
    const { inputBytes = 0 } = this.#tasks[task] ?? {};
    if (inputBytes === 0 || this.#isThere[task] === 1) return;
    this.#isThere[task] = 1;
    this.#rows[this.#kindOf[task] ?? 0]?.addSize(inputBytes);
    this.#deviations[task] = this.#ownDeviation(task);
  }

  learn(task: number, agent: number, runMs: number): void {
    const kind = this.#kindOf[task] ?? 0;
    const { capability = "", within = [], inputBytes = 0, key = "" } = this.#tasks[task] ?? {};
    const { agentId = "", slowness } = this.#agents[agent] ?? {};
    const by = slowness === undefined ? agentId : "";
    this.#estimates.learn({ capability, within, agentId: by, inputBytes, key }, runMs / (slowness ?? 1));
    this.#rows.forEach((row, number) => {
      // A row is read again as a whole: a mixture of old and new values would mislead.
      if (number === kind || row.capability === capability || within.includes(row.basis)) row.fresh.fill(0);
      else if (slowness === undefined) row.fresh[agent] = 0;
    });
  }

  /**
   * Returns the factor over the learned duration of its kind: by its input, and by other late tasks of the
   * kind.
   */
  #factor(task: number, row: Row): number {
    return row.lateFactor * this.#sizeFactor(task, row);
  }

  #sizeFactor(task: number, row: Row): number {
    return Math.exp(row.growth * (this.#deviations[task] ?? 0));
  }

  #ownDeviation(task: number): number {
    const usualSize = this.#rows[this.#kindOf[task] ?? 0]?.usualSize ?? 0;
    return Math.log1p(this.#tasks[task]?.inputBytes ?? 0) - usualSize;
  }

  /** Returns the row of the task with the estimates for the agent filled in. */
  #row(task: number, agent: number): Row {
    const row = this.#rows[this.#kindOf[task] ?? 0] as Row;
    if (row.fresh[agent] === 1) return row;
    const { agentId = "", slowness } = this.#agents[agent] ?? {};
    const by = slowness === undefined ? agentId : "";
    const { capability, within, key } = row;
    row.setEstimate(
      agent,
      slowness ?? 1,
      this.#estimates.estimate({ capability, within, agentId: by, inputBytes: 0, key }),
    );
    return row;
  }
}

/** The expectations for one kind of tasks, at each agent and at an average one. */
class Row {
  readonly capability: string;
  readonly within: readonly string[];
  readonly key: string;
  readonly medians: Float64Array;
  readonly deviations: Float64Array;
  readonly fresh: Uint8Array;
  basis = "";
  /** Factor over the learned duration, from running tasks of the kind. */
  lateFactor = 1;
  growth = 0;
  #confidence = 0;
  /** Logarithm of the input size of the other values. */
  usualSize = 0;
  readonly #sizes = new Median();

  constructor({ capability, within, key = "" }: Omit<Described, "inputBytes">, agents: number) {
    this.capability = capability;
    this.within = within;
    this.key = key;
    this.medians = new Float64Array(agents + 1);
    this.deviations = new Float64Array(agents + 1);
    this.fresh = new Uint8Array(agents + 1);
  }

  /** Before the first end, the size of an input is compared with the median of the known ones. */
  addSize(inputBytes: number): void {
    if (this.#isOwn(this.basis)) return;
    this.#sizes.add(Math.log1p(inputBytes));
    this.usualSize = this.#sizes.value;
  }

  watch(elapsed: readonly number[]): void {
    const variance = (this.deviations.find((deviation) => deviation > 0) ?? 0) ** 2;
    const between = variance * (1 - this.#confidence);
    const within = Math.max(deviations.least, Math.sqrt(variance * this.#confidence));
    const isLate = elapsed.length > 0 && between >= betweenLeast;
    this.lateFactor = isLate ? Math.exp(latenessOf(elapsed, between, within)) : 1;
  }

  /** Returns whether it is the kind itself, or the part of it with the same key. */
  #isOwn(basis: string): boolean {
    return basis === this.capability || basis.startsWith(`${this.capability}\n`);
  }

  setEstimate(agent: number, slowness: number, estimate: Estimate | undefined): void {
    const {
      medianMs = unknownMs,
      deviation = deviations.most,
      basis = "",
      growth = unknownGrowth,
    } = estimate ?? {};
    this.medians[agent] = medianMs * slowness;
    this.deviations[agent] = Math.min(deviations.most, Math.max(deviations.least, deviation));
    this.basis = basis;
    this.#confidence = estimate?.confidence ?? 0;
    this.growth = growth;
    this.usualSize = this.#isOwn(basis) ? Math.log1p(estimate?.usualBytes ?? 0) : this.#sizes.value;
    this.fresh[agent] = 1;
  }
}
