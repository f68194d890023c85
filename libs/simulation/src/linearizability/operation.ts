/** What a client did: it called, and was answered, or never learned what came of it. */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** Undefined: it is unknown whether it took effect. */
  readonly output: Output | undefined;
  readonly calledAt: number;
  /** When the answer was there. A call with an unknown end may take effect at any time after its call, or never. */
  readonly answeredAt: number;
}

/** What one thing does when it is used by one at a time. States are values: a step makes a new one. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * Returns the state after it. Undefined where this answer cannot be. Without an answer: what it does if it takes
   * effect.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** The same for equal states. */
  keyOf(state: State): string;
}
