/** An operation of a client: its call, and its answer unless that was lost. */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** Undefined if it is unknown whether it took effect. */
  readonly output: Output | undefined;
  readonly calledAt: number;
  /** Time of the answer. A call with an unknown end may take effect at any time after it, or never. */
  readonly answeredAt: number;
}

/** The sequential behaviour of an object. States are values: a step makes a new one. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * Returns the next state. Undefined if the answer is impossible. Without an answer: the state if the
   * operation takes effect.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** The same for equal states. */
  keyOf(state: State): string;
}
