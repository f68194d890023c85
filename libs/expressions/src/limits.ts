/** Bounds that hold for every expression. */
export const limits = {
  /** Characters of one expression. The contracts allow no more either. */
  textLengthMax: 16_384,
  /** How deep a tree may be. Reading, checking and evaluating recurse once per level. */
  depthMax: 250,
  /** Steps of one evaluation, unless the caller reports something else. A step is about 20 ns. */
  stepsMax: 1_000_000,
} as const;
