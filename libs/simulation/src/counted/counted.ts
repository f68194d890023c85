/** The events of an instance. */
export interface Counted {
  readonly events: number;
  /** Differs if the events differ. */
  readonly digest: number;
}

export interface CountedState {
  events: number;
  digest: number;
  inner: unknown;
}

/** An answer with the events before it. */
export interface CountedAnswer extends Counted {
  readonly answer: unknown;
}

/** An effect with the events before its request. */
export interface CountedEffect extends Counted {
  readonly effect: unknown;
}
