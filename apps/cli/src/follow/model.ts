import type { ErrorDetail, Outcome } from "@tutti/rest/types";
import type { RunView, TaskView } from "./run-view.ts";

/** What is followed, be it a run or a session, put together of what its stream said so far. */
export interface Followed<Reply> {
  /** The latest state. Undefined before the first reply. */
  readonly whole: Whole | undefined;
  take(reply: Partial<Reply>): void;
  /** What comes next is told from the beginning. */
  forget(): void;
  view(): RunView | undefined;
  /** What the last reply told of: tasks as lines show them, and the whole where it is other than before. */
  readonly news: News;
}

/** What tellers know of it. */
export type Told = Pick<Followed<never>, "view" | "news">;

export interface News {
  readonly tasks: readonly TaskView[];
  readonly whole: Whole | undefined;
}

export interface Whole {
  readonly id: string;
  readonly status: string;
  readonly statusReason: string;
}

/** What became of it. */
export interface End extends Whole {
  readonly outcome: Outcome | undefined;
  readonly tookMs: number | undefined;
  /** The task that failed, where one did. */
  readonly failedTask: string | undefined;
  /** All of it, for programs. */
  readonly document: unknown;
}

export function errorOf(outcome: Outcome | undefined): ErrorDetail | undefined {
  return outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
}
