/** Decisions that are allowed only if every reader of the events is of a release that knows them. */
export const behaviours = {
  /** Outputs wait for the approvals that rules want. */
  holdsResults: 2,
  /** Tasks wait for another one that computes the output that they need. */
  awaitsCache: 3,
  /** People claim and delegate questions. */
  claimsApprovals: 4,
  /** Tasks with `cache: auto` ask for outputs. */
  comparesOutputs: 5,
} as const;

export const newestBehaviour = Math.max(...Object.values(behaviours));
