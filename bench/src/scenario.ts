/** A measurement: it has a name, the numbers that it guards, and gives its results one by one. */
export interface Scenario {
  readonly name: string;
  /** One sentence: what is measured, and beside what. */
  readonly about: string;
  /** The numbers that must hold, as open issues and ADRs state them. */
  readonly goals: readonly Goal[];
  /** Default of `--seconds`. */
  readonly seconds?: number;
  /** Rounds and seconds of `guard`. Default: 3 rounds of 1 s. */
  readonly brief?: { readonly rounds: number; readonly seconds: number };
  run(budget: Budget): AsyncIterable<Result>;
  /** What is printed at the end, besides the lines. */
  tableOf?(results: readonly Result[]): string;
}

export interface Goal {
  /** The fields that tell the line of this figure from the scenario's other lines. */
  readonly line: Readonly<Record<string, string | number>>;
  readonly figure: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit?: string;
  /** Two fields of the same line: ours, and its ceiling or peer in the same run. */
  readonly beside?: readonly [ours: string, other: string];
  /** Missed until this issue is resolved. Worse than `worst` is a new fault. */
  readonly known?: { readonly issue: number; readonly worst: number };
}

/** How much time a scenario may take. Ours and its ceiling alternate, so that a noisy moment hits both. */
export interface Budget {
  readonly rounds: number;
  /** Of each variant in each round, after warming up. */
  readonly seconds: number;
  /** Only the variants that goals name. */
  readonly isBrief?: boolean;
  /** Directory of recorded workflows, or of recorded load. Default: beside the clone. */
  readonly traces?: string;
}

/** One line. Its own fields end in their unit, as everywhere. */
export interface Result {
  readonly variant: string;
  readonly [field: string]: string | number | boolean;
}

/** This machine lacks something that a scenario needs, such as a browser. */
export class Absent extends Error {}
