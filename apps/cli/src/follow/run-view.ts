/** What is drawn of a run: taken from answers of the server, and of nothing else. */
export interface RunView {
  readonly id: string;
  readonly workflow: string;
  readonly state: string;
  /** Why it stands so, in words. Empty where that is plain. */
  readonly reason: string;
  /** 0 to 1. */
  readonly progress: number;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly openApprovals: number;
  /** Tasks by state. Those that are done for each of a list count one by one. */
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
  /** What went wrong last, in words. Empty when nothing did. */
  readonly error: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** When it is tried again, or what it waits for is due. */
  readonly nextMs: number | undefined;
  /** What an attempt says of how far it is, 0 to 1. 0 means not known. */
  readonly progress: number;
  /** Tokens and dollars. Undefined if none are known. */
  readonly used: { readonly tokens: number; readonly usd: number } | undefined;
  /** The tasks that a durable function or an agent has called. */
  readonly parts: readonly TaskView[];
  /** How many entries of a list are done, of how many. Cancelled and compensated entries are not. Undefined for a task without entries. */
  readonly entries: { readonly done: number; readonly failed: number; readonly total: number } | undefined;
}
