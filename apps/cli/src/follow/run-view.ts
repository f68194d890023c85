/** The drawn part of a run, taken only from replies of the server. */
export interface RunView {
  readonly id: string;
  readonly workflow: string;
  readonly state: string;
  /** Reason of the state, in words. Empty if it is obvious. */
  readonly reason: string;
  /** 0 to 1. */
  readonly progress: number;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly openApprovals: number;
  /** Tasks by state. The entries of a list count individually. */
  readonly counts: Readonly<Record<string, number>>;
  readonly tasks: readonly TaskView[];
}

export interface TaskView {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly uses: string;
  readonly needs: readonly string[];
  readonly state: string;
  readonly reason: string;
  readonly attempts: number;
  /** The last error, in words. Empty without one. */
  readonly error: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** Time of the change to this state. Undefined if the server does not record it. */
  readonly changeMs: number | undefined;
  /** Time of the next retry, or of the due timer. */
  readonly nextMs: number | undefined;
  /** Progress that the attempt reports, 0 to 1. 0: not known. */
  readonly progress: number;
  /** Tokens and dollars. Undefined if none are known. */
  readonly used: { readonly tokens: number; readonly usd: number } | undefined;
  /** The tasks that a durable function or an agent has called. */
  readonly parts: readonly TaskView[];
  /** Counts of the entries of a list. Cancelled and compensated entries are not done. Undefined without entries. */
  readonly entries: { readonly done: number; readonly failed: number; readonly total: number } | undefined;
}
