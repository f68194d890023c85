import type { Model, Operation } from "./operation.ts";

/** The result for a history of one object. */
export type Verdict<Input, Output> =
  | { readonly kind: "linearizable" }
  /** The search was given up: more orders were possible than the limit. */
  | { readonly kind: "undecided"; readonly steps: number }
  | {
      readonly kind: "impossible";
      /** The longest possible order. */
      readonly longest: readonly Operation<Input, Output>[];
      /** Operations of which one had to come next, and none could. */
      readonly stuck: readonly Operation<Input, Output>[];
    };

export interface CheckOptions {
  /** Maximum number of steps. */
  readonly stepsMax?: number;
}

const usualSteps = 5_000_000;

/**
 * Returns whether a sequential order of the operations could have these answers. An operation that was
 * answered before another was called comes before it. The search of Wing and Gong with Lowe's improvement:
 * the same set of operations with the same state is tried once.
 *
 * 1. An operation may come next if no remaining one was answered before its call.
 * 2. The order is complete if it contains all answered operations. An operation without an answer is included
 *    if it helps.
 * 3. A history is about one object: histories of independent objects are checked separately.
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

/** One operation of the tried order, and where to continue if it does not fit. */
interface Placed<State> {
  readonly index: number;
  readonly before: State;
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #stepsMax: number;
  readonly #isPlaced: boolean[];
  /** One bit for each operation in the order. */
  readonly #bits: Uint32Array;
  readonly #visited = new Set<string>();
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

  /** Appends the first operation that fits, from an index on. Returns the state after it. */
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
      if (this.#visited.has(key)) {
        this.#mark(index, false);
        continue;
      }
      this.#visited.add(key);
      this.#placed.push({ index, before: state });
      if (this.#placed.length > this.#longest.length) this.#longest = this.#placed.map(({ index }) => index);
      return next;
    }
    return;
  }

  /** Returns the first answer to an operation outside of the order: operations called later have to wait. */
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
    const remaining = this.#operations.filter((_, index) => !inOrder.has(index));
    const answered = remaining
      .filter(({ output }) => output !== undefined)
      .map(({ answeredAt }) => answeredAt);
    const untilAt = Math.min(...answered);
    const stuck = remaining.filter(({ calledAt, output }) => output !== undefined && calledAt <= untilAt);
    return { kind: "impossible", longest: of(this.#longest), stuck };
  }
}
