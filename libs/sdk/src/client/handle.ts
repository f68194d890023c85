/**
 * The common methods of a run, a mission and a session. Only the handle of a run has queries and updates, because
 * workflows declare them.
 */
import { workStatusDisplay } from "@tutti/contracts/states";
import type { Explanation, WorkStatus } from "@tutti/contracts/types/v1";
import { either, oneOf, wholeNumber } from "../options.ts";
import type { WatchOptions } from "./work/followed.ts";
import type { ResultOptions } from "./work/outcome.ts";
import type { IdempotencyOptions } from "./work/paging.ts";

export interface Handle<Result = unknown> {
  readonly id: string;
  /** Whether it existed before this start. */
  readonly existed: boolean;
  /** Waits for the output. Rejects with the error if it fails, or is cancelled or terminated. */
  result<Output = Result>(options?: ResultOptions): Promise<Output>;
  /** Follows it until it ends: the first value has everything, each later one has the changes. */
  watch(options?: WatchOptions): AsyncGenerator<unknown, void, void>;
  signal(name: string, payload?: unknown, options?: IdempotencyOptions): Promise<void>;
  pause(reason?: string): Promise<void>;
  resume(reason?: string): Promise<void>;
  cancel(reason?: string): Promise<void>;
  terminate(reason?: string): Promise<void>;
  retry(reason?: string, taskIds?: readonly string[]): Promise<void>;
  remove(reason?: string): Promise<boolean>;
  /** Explains the status of the whole, or of a task. */
  why(taskId?: string): Promise<Explanation>;
}

/** `running`, `completed`, `failed` and the other words for a status, as in REST and the CLI. */
export type WorkState = keyof typeof workStatusDisplay;

/** Adds the word for its status. */
export function withState<Work extends { readonly status: WorkStatus }>(
  work: Work,
): Work & { readonly state: WorkState } {
  const states = Object.keys(workStatusDisplay) as WorkState[];
  const state = states.find((name) => workStatusDisplay[name].number === work.status) ?? "pending";
  return { ...work, state };
}

/** Check of the statuses of a filter. */
export const statusCheck = either(oneOf(workStatusDisplay), wholeNumber(0));

/** Statuses of a filter, given as words or as numbers of the contract. */
export function statusNumbers(statuses: readonly (WorkState | WorkStatus)[]): WorkStatus[] {
  return statuses.map((status) => (typeof status === "number" ? status : workStatusDisplay[status].number));
}
