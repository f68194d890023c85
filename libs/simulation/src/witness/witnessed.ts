/** Which events an instance had. */
export interface Witnessed {
  readonly events: number;
  /** Differs where the events differ. */
  readonly digest: number;
}

export interface WitnessState {
  events: number;
  digest: number;
  inner: unknown;
}

/** An answer with what it was made after. */
export interface WitnessedAnswer extends Witnessed {
  readonly answer: unknown;
}

/** An effect with the events after which it was asked for. */
export interface WitnessedEffect extends Witnessed {
  readonly effect: unknown;
}
