/** What is measured: each scenario has a name, and gives its results one by one. */
export interface Scenario {
  readonly name: string;
  /** One sentence: what is measured, and beside what. */
  readonly about: string;
  /** How long it takes where nobody says otherwise, in place of a few seconds. */
  readonly seconds?: number;
  run(budget: Budget): AsyncIterable<Result>;
}

/** How much time may be taken. Ours and its ceiling alternate, so that a noisy moment hits both. */
export interface Budget {
  readonly rounds: number;
  /** Of each variant in each round, after warming up. */
  readonly seconds: number;
  /** Where workflows that really ran are read from; absent: beside the clone. */
  readonly traces?: string;
}

/** One line. Its own fields end in their unit, as everywhere. */
export interface Result {
  readonly variant: string;
  readonly [field: string]: string | number | boolean;
}
