/**
 * Handlers that wait for virtual time. While a handler is running, virtual time stops. A handler that only waits lets
 * it continue.
 */
import { parseDurationMs } from "@tutti/definitions";
import type { VirtualTime } from "@tutti/kernel/virtual";
import { currentTask, type TaskContext } from "../task/context.ts";
import { Busy, TaskFailure, type TaskFailureOptions } from "../task/failure.ts";
import { WorkflowTestError } from "./fault.ts";
import type { TestHandler } from "./handlers.ts";

/** `3d`, `1h30m`, or milliseconds. */
export type Duration = string | number;

/** Excludes a handler from the running ones while it waits. */
export interface Waiting {
  readonly time: VirtualTime;
  /** Returns what to call when it continues. */
  waits(context: TaskContext): () => void;
}

const crews = new WeakMap<TaskContext, Waiting>();

export function enroll(context: TaskContext, crew: Waiting): void {
  crews.set(context, crew);
}

export function durationMs(duration: Duration): number {
  const ms = typeof duration === "number" ? duration : parseDurationMs(duration);
  if (ms !== undefined && ms >= 0 && Number.isFinite(ms)) return ms;
  throw new WorkflowTestError(
    `expected a span of time such as "3d", "1h30m" or 1500 (milliseconds), got ${JSON.stringify(duration)}`,
  );
}

/** In a handler: waits in virtual time. Rejects if the attempt is aborted meanwhile. */
export function sleep(duration: Duration): Promise<void> {
  const ms = durationMs(duration);
  return waiting((time, resume) => {
    const timer = time.after(ms, resume);
    return () => timer.cancel();
  });
}

function waiting(arm: (time: VirtualTime, resume: () => void) => () => void): Promise<void> {
  const context = currentTask();
  const crew = context === undefined ? undefined : crews.get(context);
  if (context === undefined || crew === undefined)
    throw new WorkflowTestError(
      "expected `sleep` to be called in a handler of a test. Elsewhere use `run.skip`",
    );
  const endWait = crew.waits(context);
  const { signal } = context;
  return new Promise((resolve, reject) => {
    const stop = () => {
      endWait();
      cancel();
      reject(signal.reason);
    };
    const cancel = arm(crew.time, () => {
      signal.removeEventListener("abort", stop);
      endWait();
      resolve();
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** A handler that never ends by itself: for timeouts and cancellation. It ends when its signal aborts. */
export function hanging(): TestHandler {
  return async () => {
    await waiting(() => () => {});
  };
}

const absences = new WeakSet<TestHandler>();

/** A capability without an agent: its tasks wait in their pool, up to their `queue` timeout. */
export function absent(): TestHandler {
  const handler: TestHandler = () => {
    throw new WorkflowTestError("expected no call, got one");
  };
  absences.add(handler);
  return handler;
}

export function isAbsent(handler: unknown): boolean {
  return typeof handler === "function" && absences.has(handler as TestHandler);
}

/** Returns a handler that takes a duration in virtual time, and then calls `then`. */
export function delayed(duration: Duration, then: TestHandler = () => null): TestHandler {
  return async (input, context) => {
    await sleep(duration);
    return then(input, context);
  };
}

/** Returns a handler that fails a number of times per task with a code, and then calls `then`. */
export function failing(
  times: number,
  code: string,
  then: TestHandler = () => null,
  options: TaskFailureOptions & { readonly message?: string } = {},
): TestHandler {
  const count = counting();
  return (input, context) => {
    const call = count(context);
    if (call > times) return then(input, context);
    const ofMany = Number.isFinite(times) ? ` of ${times}` : "";
    throw new TaskFailure(code, options.message ?? `failure ${call}${ofMany} that the test wants`, options);
  };
}

/** Returns a handler that is busy a number of times per task, and then calls `then`. */
export function busy(times: number, retryAfter: Duration, then: TestHandler = () => null): TestHandler {
  const count = counting();
  const retryAfterMs = durationMs(retryAfter);
  return (input, context) => {
    if (count(context) <= times) throw new Busy({ retryAfterMs });
    return then(input, context);
  };
}

/** Counts calls for each task of each run of each test, so that tests may share handlers. */
function counting(): (context: TaskContext) => number {
  const byTest = new WeakMap<object, Map<string, number>>();
  return (context) => {
    const test = crews.get(context) ?? context;
    const calls = byTest.get(test) ?? new Map<string, number>();
    byTest.set(test, calls);
    const taskKey = `${context.workId}/${context.taskId}`;
    const count = (calls.get(taskKey) ?? 0) + 1;
    calls.set(taskKey, count);
    return count;
  };
}
