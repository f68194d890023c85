/** Bounds of definitions. */
export const limits = {
  /** Characters of a source, as in the contracts. A caller that reads tasks from elsewhere may allow more. */
  textLengthMax: 1_048_576,
  /** Nesting of a document. */
  depthMax: 64,
  /** Tasks of a definition, including those inside loops and states. */
  tasksMax: 100_000,
  /** Needs in `needs` of one task, without those of its expressions. */
  needsMax: 10_000,
  /** Maximum number of reported problems. */
  problemsMax: 1_000,
  /** Steps of one check: values checked, expressions compiled, needs followed. */
  stepsMax: 50_000_000,
} as const;
