/**
 * What everything that was started has in common, the run of a workflow and a session alike. Queries and updates are
 * declared by a workflow, so the handle of its run alone has them.
 */
import type { Explanation } from "@tutti/contracts/types/v1";
import type { ResultOptions } from "./work/outcome.ts";
import type { TellOptions } from "./work/telling.ts";

export interface Handle<Result = unknown> {
  readonly id: string;
  /** Whether it existed before it was started. */
  readonly existed: boolean;
  /** Waits for the output. Rejects with the error of what failed, was cancelled or was terminated. */
  result<Output = Result>(options?: ResultOptions): Promise<Output>;
  /** Follows it until it ends: first all of it, then each change. */
  watch(options?: { readonly signal?: AbortSignal }): AsyncGenerator<unknown, void, void>;
  signal(name: string, payload?: unknown, options?: TellOptions): Promise<void>;
  pause(reason?: string): Promise<void>;
  resume(reason?: string): Promise<void>;
  cancel(reason?: string): Promise<void>;
  terminate(reason?: string): Promise<void>;
  retry(reason?: string, taskIds?: readonly string[]): Promise<void>;
  remove(reason?: string): Promise<boolean>;
  /** Explains the status of all of it, or of a task. */
  why(taskId?: string): Promise<Explanation>;
}
