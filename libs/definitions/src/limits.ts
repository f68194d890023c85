/** Bounds of definitions. */
export const limits = {
  /** Characters of a source as the contracts take it. The caller that reads tasks from elsewhere may allow more. */
  textLengthMax: 1_048_576,
  /** How deep a document may be nested. */
  depthMax: 64,
  /** Tasks of a definition, those inside loops and states included. */
  tasksMax: 100_000,
  /** Needs that one task names. Those by its expressions come on top. */
  needsMax: 10_000,
  /** Maximum number of reported problems. */
  problemsMax: 1_000,
  /** Steps of one check: values looked at, expressions compiled, needs followed. */
  stepsMax: 50_000_000,
} as const;
