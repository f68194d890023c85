/** Bounds for every expression. */
export const limits = {
  /** Characters of one expression, as in the contracts. */
  textLengthMax: 16_384,
  /** Maximum depth of a tree. Parsing, checking and evaluating recurse once per level. */
  depthMax: 250,
  /** Default maximum of steps of one evaluation. A step is about 20 ns. */
  stepsMax: 1_000_000,
} as const;
