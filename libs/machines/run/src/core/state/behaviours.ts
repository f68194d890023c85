/** Decisions that are allowed only if every reader of the events is of a release that knows them. */
export const behaviours = {
  /** Outputs wait for the approvals that rules require. */
  holdsResults: 2,
  /** Tasks wait for another task that computes the output that they need. */
  awaitsCache: 3,
  /** People claim and delegate questions. */
  claimsApprovals: 4,
  /** Tasks with `cache: auto` request outputs. */
  comparesOutputs: 5,
} as const;

export const newestBehaviour = Math.max(...Object.values(behaviours));
