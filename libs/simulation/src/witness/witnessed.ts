/** The events of an instance. */
export interface Witnessed {
  readonly events: number;
  /** Differs if the events differ. */
  readonly digest: number;
}

export interface WitnessState {
  events: number;
  digest: number;
  inner: unknown;
}

/** An answer with the events before it. */
export interface WitnessedAnswer extends Witnessed {
  readonly answer: unknown;
}

/** An effect with the events before its request. */
export interface WitnessedEffect extends Witnessed {
  readonly effect: unknown;
}
