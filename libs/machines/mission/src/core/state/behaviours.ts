/** Decisions that need every reader to run a release that knows them. */
export const behaviours = {
  /** Outputs wait for the approvals that rules require. */
  holdsResults: 2,
} as const;

export const newestBehaviour = Math.max(...Object.values(behaviours));
