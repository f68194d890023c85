/** What deciders may do only when all who may have to read it are of a release that does. */
export const behaviours = {
  /** Outputs wait for the approvals that rules want. */
  holdsResults: 2,
} as const;

export const newestBehaviour = Math.max(...Object.values(behaviours));
