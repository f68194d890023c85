/** Waiting for runs: for their ends, and for whatever changes. */
import {
  type AwaitRunReply,
  type AwaitRunRequest,
  type Task,
  Task as Tasks,
  type WatchRunReply,
  type WatchRunRequest,
} from "@tutti/contracts/workflow/v1";
import { newsOf, whenOwned } from "@tutti/host";
import { type CallContext, sleep } from "@tutti/kernel";
import { showTasks, type TasksShown } from "@tutti/machine-run";
import { askRun, keyOf, type RunDesk, runNamed } from "./desk.ts";

export async function awaitRun(
  desk: RunDesk,
  { runId, waitMs }: AwaitRunRequest,
  context: CallContext,
): Promise<AwaitRunReply> {
  const { clock, timers } = desk.foundation;
  const key = keyOf(context.namespace, runId);
  const untilMs = clock.monotonic() + waitMs;
  const rung = new AbortController();
  const stop = desk.ends.listen(key, () => rung.abort());
  const waiting = AbortSignal.any([rung.signal, context.signal]);
  try {
    for (;;) {
      const run = await runNamed(desk, runId, {}, context);
      const leftMs = untilMs - clock.monotonic();
      if (run.endTime !== undefined || leftMs <= 0 || context.signal.aborted) return { run };
      const { eventCount } = run;
      const late = new AbortController();
      const timer = timers.after(leftMs, () => late.abort());
      await newsOf(
        () => desk.runtime.hasNews(key, eventCount),
        desk.foundation,
        AbortSignal.any([waiting, late.signal]),
      );
      timer.cancel();
      // Another owner has it by now: the next look goes there.
      await whenOwned(desk, key, context, () => undefined);
    }
  } finally {
    stop();
  }
}

/** Changes are told at most so often. */
const gatherMs = 50;
/** And a watcher of many tasks looks at them for a fifth of the time at most: others are served by the same process. */
const restsPerLook = 4;
const restMaxMs = 2_000;
const tasksPage = 1_000;

export async function* watchRun(
  desk: RunDesk,
  { runId, withTasks, withPayloads }: WatchRunRequest,
  context: CallContext,
): AsyncGenerator<WatchRunReply, void> {
  const { signal } = context;
  const { clock, timers } = desk.foundation;
  const key = keyOf(context.namespace, runId);
  const seen = new SeenTasks(desk, runId, { withPayloads, context });
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    let lookedMs = 0;
    const run = await runNamed(desk, runId, { withPayloads }, context);
    // What has ended is looked at once: there is nothing to compare it with.
    if (run.endTime !== undefined && isFirst) seen.keepNothing();
    const changed: Task[] = [];
    for (let from = withTasks ? 0 : -1; from >= 0; ) {
      const sinceMs = clock.monotonic();
      const page = await seen.look(from);
      lookedMs += clock.monotonic() - sinceMs;
      from = page.next;
      changed.push(...page.changed);
      // The snapshot goes out as it is read: whoever is shown the first tasks need not wait for the last.
      if (isFirst && from >= 0)
        yield { run, tasks: changed.splice(0), removedTaskIds: [], live: false, cursor: "" };
    }
    yield { run, tasks: changed, removedTaskIds: seen.takeRemoved(), live: true, cursor: "" };
    if (run.endTime !== undefined) return;
    const restMs = Math.min(restMaxMs, Math.max(gatherMs, restsPerLook * lookedMs));
    while (
      !signal.aborted &&
      !(await newsOf(() => desk.runtime.hasNews(key, run.eventCount), desk.foundation, signal))
    )
      yield { run: undefined, tasks: [], removedTaskIds: [], live: true, cursor: "" };
    await sleep(timers, restMs, signal).catch(() => {});
  }
}

interface LookedAt {
  /** Tasks that are other than they were shown last. */
  readonly changed: readonly Task[];
  /** What to go on with; -1 at the end. */
  readonly next: number;
}

/** What of a run's tasks its watcher knows. */
class SeenTasks {
  readonly #desk: RunDesk;
  readonly #runId: string;
  readonly #options: { readonly withPayloads: boolean; readonly context: CallContext };
  readonly #shown = new Map<string, Uint8Array>();
  #there = new Set<string>();
  #isKept = true;

  constructor(
    desk: RunDesk,
    runId: string,
    options: { readonly withPayloads: boolean; readonly context: CallContext },
  ) {
    this.#desk = desk;
    this.#runId = runId;
    this.#options = options;
  }

  /** Everything that is looked at is told, and nothing remembered. */
  keepNothing(): void {
    this.#isKept = false;
  }

  /** The tasks from a place on, as many as one page has. */
  async look(from: number): Promise<LookedAt> {
    const { withPayloads, context } = this.#options;
    const any = { statuses: [], parentTaskId: "", topOnly: false, text: "" };
    const body = { ...any, withPayloads, from, size: tasksPage };
    const { tasks, next } = (await askRun(
      this.#desk,
      this.#runId,
      { query: showTasks, body },
      context,
    )) as TasksShown;
    return { changed: this.#isKept ? tasks.filter((task) => this.#isOther(task)) : tasks, next };
  }

  #isOther(task: Task): boolean {
    this.#there.add(task.taskId);
    const now = Tasks.encode(task).finish();
    const before = this.#shown.get(task.taskId);
    if (before !== undefined && Buffer.compare(before, now) === 0) return false;
    this.#shown.set(task.taskId, now);
    return true;
  }

  /** Those that were shown and were not there when all were looked at. */
  takeRemoved(): string[] {
    const removed = [...this.#shown.keys()].filter((id) => !this.#there.has(id));
    for (const id of removed) this.#shown.delete(id);
    this.#there = new Set();
    return removed;
  }
}
