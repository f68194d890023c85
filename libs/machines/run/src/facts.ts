/** What of a run its offers name. It may change. What is offered has what was so then. */
export interface RunFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** When its outcome is wanted. 0 for no moment. */
  readonly dueMs: number;
}
