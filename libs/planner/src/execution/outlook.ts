import type { Estimate, Estimates } from "../estimates/estimates.ts";
import { latenessOf } from "../estimates/lateness.ts";
import { Median } from "../structures/median.ts";
import type { Problem } from "../work/problem.ts";
import { durationMs } from "../work/problem.ts";

/** What is expected of tasks that have not ended, as far as it is known now. */
export interface Outlook {
  /** Returns how long the task would take at the agent. */
  expectedMs(task: number, agent: number): number;
  /**
   * Returns how much longer at most, in this share of cases, when it has been running for so long and has not ended.
   */
  remainingMs(task: number, agent: number, elapsedMs: number, share: number): number;
  /** Returns how long it would take at an agent like the others: by this tasks are ranked. */
  usualMs(task: number): number;
  /** Ranks are about to be reckoned, of all that has not ended. */
  look(): void;
  /** Running work now, and since when: attempts that have not ended yet give information too. */
  watch?(running: Running, nowMs: number): void;
  /** The task may start: its inputs are there, and how large they are. */
  ready(task: number): void;
  /** The task took so long at the agent: something to learn from. */
  ended(task: number, agent: number, tookMs: number): void;
}

/** Attempts of tasks that are running. */
export type Running = ReadonlyMap<number, readonly { readonly agent: number; readonly startMs: number }[]>;

/** All is known from the beginning. */
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

  look(): void {
    // There is nothing to find out.
  }

  ready(): void {
    // It takes as long as it was to.
  }

  ended(): void {
    // Nothing that was not known.
  }
}

/** What a task is, to estimates. */
export interface Described {
  readonly capability: string;
  readonly within: readonly string[];
  /** Of its input. Looked at when that is there. 0 where it is not known. */
  readonly inputBytes: number;
  /** What its author says that it depends on. Absent where the author says nothing. */
  readonly key?: string;
}

/** An agent, to estimates: known by what it did. Or, where its speed is declared, by that alone. */
export interface DescribedAgent {
  readonly agentId: string;
  /** By which factor it takes longer than an agent of speed 1. Absent: as learned. */
  readonly slowness?: number;
}

/** Deviations of logarithms below this and above that are not believed. */
const deviations = { least: 0.1, most: 1.5 } as const;
/** A kind that is known this well is not late: single tasks of it are. */
const betweenLeast = 0.01;
/** What is expected where nothing at all is known. */
const unknownMs = 1_000;
const unknownGrowth = 0.5;

/**
 * What estimates say of tasks, kept in a table of kinds and agents: it is asked millions of times, and an end changes
 * the row of its kind and the column of its agent. How large a task's input is beside others of its kind is a factor of
 * its own. Before the input is there, a task is expected to be as large among its kind as those are among theirs that
 * it comes after.
 */
export class LearnedTimes implements Outlook {
  readonly #estimates: Estimates;
  readonly #tasks: readonly Described[];
  readonly #kindOf: Uint32Array;
  readonly #rows: Row[] = [];
  readonly #agents: readonly DescribedAgent[];
  readonly #isThere: Uint8Array;
  /** By how much the logarithm of the input's size differs from the usual one of the kind. */
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

  /** As if logarithms of times were spread like a logistic curve, for which that is a formula. */
  remainingMs(task: number, agent: number, elapsedMs: number, share: number): number {
    const row = this.#row(task, agent);
    const median = (row.medians[agent] ?? 0) * this.#factor(task, row);
    const shape = Math.PI / (Math.sqrt(3) * (row.deviations[agent] ?? 1));
    const passed = Math.min(1e6, (elapsedMs / median) ** shape);
    return Math.max(0, median * ((1 + passed) / (1 - share) - 1) ** (1 / shape) - elapsedMs);
  }

  look(): void {
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

  /**
   * Kinds of which little is known and which are running for longer than was believed take longer than was believed.
   */
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
    this.#rows[this.#kindOf[task] ?? 0]?.sees(inputBytes);
    this.#deviations[task] = this.#ownDeviation(task);
  }

  ended(task: number, agent: number, tookMs: number): void {
    const kind = this.#kindOf[task] ?? 0;
    const { capability = "", within = [], inputBytes = 0, key = "" } = this.#tasks[task] ?? {};
    const { agentId = "", slowness } = this.#agents[agent] ?? {};
    const by = slowness === undefined ? agentId : "";
    this.#estimates.learn({ capability, within, agentId: by, inputBytes, key }, tookMs / (slowness ?? 1));
    this.#rows.forEach((row, number) => {
      // A row is asked for again as a whole: side by side, old and new would mislead.
      if (number === kind || row.capability === capability || within.includes(row.basis)) row.fresh.fill(0);
      else if (slowness === undefined) row.fresh[agent] = 0;
    });
  }

  /**
   * Returns how much longer it takes than was learned of its kind: because of its input, and because others of its kind
   * do.
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
    row.take(
      agent,
      slowness ?? 1,
      this.#estimates.estimate({ capability, within, agentId: by, inputBytes: 0, key }),
    );
    return row;
  }
}

/** What is expected of one kind of tasks, at each agent and behind them at anyone. */
class Row {
  readonly capability: string;
  readonly within: readonly string[];
  readonly key: string;
  readonly medians: Float64Array;
  readonly deviations: Float64Array;
  readonly fresh: Uint8Array;
  basis = "";
  /** How much longer the kind takes than was learned, by those of it that are running. */
  lateFactor = 1;
  growth = 0;
  #confidence = 0;
  /** Logarithm of the size of inputs that the rest holds for. */
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

  /** As long as none has ended, inputs are large or small beside the middle one of those that are there. */
  sees(inputBytes: number): void {
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

  /** Of the kind itself, or of those of it with the same key. */
  #isOwn(basis: string): boolean {
    return basis === this.capability || basis.startsWith(`${this.capability}\n`);
  }

  take(agent: number, slowness: number, estimate: Estimate | undefined): void {
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
