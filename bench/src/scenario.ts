/** A measurement with a name, goals, and a sequence of results. */
export interface Scenario {
  readonly name: string;
  /** One sentence about the measurement and its comparison. */
  readonly about: string;
  /** The goals, as in open issues and ADRs. */
  readonly goals: readonly Goal[];
  /** Default of `--seconds`. */
  readonly seconds?: number;
  /** Rounds and seconds of `guard`. Default: 3 rounds of 1 s. */
  readonly brief?: { readonly rounds: number; readonly seconds: number };
  run(budget: Budget): AsyncIterable<Result>;
  /** Returns additional text for the end of the output. */
  tableOf?(results: readonly Result[]): string;
}

export interface Goal {
  /** The fields that identify the line of this figure among the scenario's lines. */
  readonly line: Readonly<Record<string, string | number>>;
  readonly figure: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit?: string;
  /** Two fields of the same line: our figure, and its ceiling or peer in the same run. */
  readonly compared?: readonly [ours: string, other: string];
  /** The goal is missed until this issue is resolved. A value worse than `worst` is a new fault. */
  readonly known?: { readonly issue: number; readonly worst: number };
}

/** Time budget of a scenario. Our variant and its ceiling alternate, so that a noisy moment affects both. */
export interface Budget {
  readonly rounds: number;
  /** Seconds of each variant in each round, after warming up. */
  readonly seconds: number;
  /** Only the variants that goals name. */
  readonly isBrief?: boolean;
  /** Directory of recorded workflows, or of recorded load. Default: next to the clone. */
  readonly traces?: string;
}

/** One result line. The names of its fields end in their unit. */
export interface Result {
  readonly variant: string;
  readonly [field: string]: string | number | boolean;
}

/** This machine lacks a requirement of a scenario, such as a browser. */
export class Absent extends Error {}
