import type { Model, Operation } from "./operation.ts";

/** What is known of a history of one thing. */
export type Verdict<Input, Output> =
  | { readonly kind: "linearizable" }
  /** The search was given up: more orders were possible than were asked for. */
  | { readonly kind: "undecided"; readonly steps: number }
  | {
      readonly kind: "impossible";
      /** As many as could be put in an order. */
      readonly longest: readonly Operation<Input, Output>[];
      /** Those of which one had to come next, and none could. */
      readonly stuck: readonly Operation<Input, Output>[];
    };

export interface CheckOptions {
  /** How many steps are tried before the search is given up. */
  readonly stepsMax?: number;
}

const usualSteps = 5_000_000;

/**
 * Returns whether there is an order in which one client after the other could have had these answers, where who was
 * answered before another called comes before it. The search of Wing and Gong with what Lowe added: what has been tried
 * from the same state with the same operations done is not tried again.
 *
 * 1. An operation may come next when no other that is left was answered before it was called.
 * 2. The order is found when all that were answered are in it. One without an answer is in it where it helps.
 * 3. It takes one thing at a time: histories of things that do not touch each other are checked apart.
 */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  { stepsMax = usualSteps }: CheckOptions = {},
): Verdict<Input, Output> {
  const operations = history.toSorted((one, other) => one.calledAt - other.calledAt);
  const search = new Search(model, operations, stepsMax);
  return search.run();
}

/** One operation of the order under trial, and where to continue when it turns out not to fit. */
interface Placed<State> {
  readonly index: number;
  readonly before: State;
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #stepsMax: number;
  readonly #isPlaced: boolean[];
  /** One bit for each operation that is in the order. */
  readonly #bits: Uint32Array;
  readonly #tried = new Set<string>();
  readonly #placed: Placed<State>[] = [];
  #missing: number;
  #steps = 0;
  #longest: readonly number[] = [];

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    stepsMax: number,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#stepsMax = stepsMax;
    this.#isPlaced = operations.map(() => false);
    this.#bits = new Uint32Array(Math.ceil(operations.length / 32));
    this.#missing = operations.filter(({ output }) => output !== undefined).length;
  }

  run(): Verdict<Input, Output> {
    let state = this.#model.initial;
    let from = 0;
    while (this.#missing > 0) {
      if (this.#steps > this.#stepsMax) return { kind: "undecided", steps: this.#steps };
      const next = this.#place(state, from);
      if (next !== undefined) {
        state = next;
        from = 0;
        continue;
      }
      const last = this.#placed.pop();
      if (last === undefined) return this.#impossible();
      this.#mark(last.index, false);
      state = last.before;
      from = last.index + 1;
    }
    return { kind: "linearizable" };
  }

  /** Puts the first operation that fits into the order, of those from this one on, and gives the state after it. */
  #place(state: State, from: number): State | undefined {
    const untilAt = this.#firstAnswer();
    for (let index = from; index < this.#operations.length; index++) {
      const operation = this.#operations[index];
      if (operation === undefined || operation.calledAt > untilAt) return;
      if (this.#isPlaced[index]) continue;
      this.#steps++;
      const next = this.#model.step(state, operation.input, operation.output);
      if (next === undefined) continue;
      this.#mark(index, true);
      const key = `${this.#bits.join()} ${this.#model.keyOf(next)}`;
      if (this.#tried.has(key)) {
        this.#mark(index, false);
        continue;
      }
      this.#tried.add(key);
      this.#placed.push({ index, before: state });
      if (this.#placed.length > this.#longest.length) this.#longest = this.#placed.map(({ index }) => index);
      return next;
    }
    return;
  }

  /** The first answer to one that is not in the order yet: who called after it has to wait. */
  #firstAnswer(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const [index, { calledAt, answeredAt, output }] of this.#operations.entries()) {
      if (calledAt > first) break;
      if (output !== undefined && !this.#isPlaced[index]) first = Math.min(first, answeredAt);
    }
    return first;
  }

  #mark(index: number, isPlaced: boolean): void {
    this.#isPlaced[index] = isPlaced;
    const word = index >>> 5;
    this.#bits[word] = (this.#bits[word] ?? 0) ^ (1 << (index & 31));
    if (this.#operations[index]?.output !== undefined) this.#missing += isPlaced ? -1 : 1;
  }

  #impossible(): Verdict<Input, Output> {
    const of = (indexes: readonly number[]) => indexes.flatMap((index) => this.#operations[index] ?? []);
    const inOrder = new Set(this.#longest);
    const left = this.#operations.filter((_, index) => !inOrder.has(index));
    const answered = left.filter(({ output }) => output !== undefined).map(({ answeredAt }) => answeredAt);
    const untilAt = Math.min(...answered);
    const stuck = left.filter(({ calledAt, output }) => output !== undefined && calledAt <= untilAt);
    return { kind: "impossible", longest: of(this.#longest), stuck };
  }
}
