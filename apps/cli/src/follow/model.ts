import type { ErrorDetail, Outcome } from "@tutti/rest/types";
import type { RunView, TaskView } from "./run-view.ts";

/** A run, mission or session, built from the replies of its stream. */
export interface Followed<Reply> {
  /** The latest state. Undefined before the first reply. */
  readonly summary: WorkSummary | undefined;
  apply(reply: Partial<Reply>): void;
  /** Drops the state, because the next reply is a snapshot. */
  reset(): void;
  view(): RunView | undefined;
  /** The changes of the last reply: tasks as lines show them, and the whole if it changed. */
  readonly changes: WorkChanges;
}

/** The part that reporters read. */
export type Reported = Pick<Followed<never>, "view" | "changes">;

export interface WorkChanges {
  readonly tasks: readonly TaskView[];
  readonly summary: WorkSummary | undefined;
}

export interface WorkSummary {
  readonly id: string;
  readonly status: string;
  readonly statusReason: string;
}

/** The end of a run, mission or session. */
export interface End extends WorkSummary {
  readonly outcome: Outcome | undefined;
  readonly tookMs: number | undefined;
  /** The first failed task. */
  readonly failedTask: string | undefined;
  /** The whole document, for programs. */
  readonly document: unknown;
}

export function errorOf(outcome: Outcome | undefined): ErrorDetail | undefined {
  return outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
}
