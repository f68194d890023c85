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
const tasksPage = 1_000;

export async function* watchRun(
  desk: RunDesk,
  { runId, withTasks, withPayloads }: WatchRunRequest,
  context: CallContext,
): AsyncGenerator<WatchRunReply, void> {
  const { signal } = context;
  const key = keyOf(context.namespace, runId);
  const shown = new Map<string, string>();
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const run = await runNamed(desk, runId, { withPayloads }, context);
    const tasks = withTasks ? await changedTasks(desk, runId, { withPayloads, shown }, context) : noTasks;
    yield { run, tasks: tasks.changed, removedTaskIds: tasks.removed, live: isFirst, cursor: "" };
    if (run.endTime !== undefined) return;
    while (
      !signal.aborted &&
      !(await newsOf(() => desk.runtime.hasNews(key, run.eventCount), desk.foundation, signal))
    )
      yield { run: undefined, tasks: [], removedTaskIds: [], live: false, cursor: "" };
    await sleep(desk.foundation.timers, gatherMs, signal).catch(() => {});
  }
}

interface ChangedTasks {
  readonly changed: Task[];
  readonly removed: string[];
}

const noTasks: ChangedTasks = { changed: [], removed: [] };

/** Tasks that are other than they were shown last. */
async function changedTasks(
  desk: RunDesk,
  runId: string,
  { withPayloads, shown }: { readonly withPayloads: boolean; readonly shown: Map<string, string> },
  context: CallContext,
): Promise<ChangedTasks> {
  const changed: Task[] = [];
  const there = new Set<string>();
  for (let from = 0; from >= 0; ) {
    const body = {
      statuses: [],
      parentTaskId: "",
      topOnly: false,
      text: "",
      withPayloads,
      from,
      size: tasksPage,
    };
    const page = (await askRun(desk, runId, { query: showTasks, body }, context)) as TasksShown;
    for (const task of page.tasks) {
      there.add(task.taskId);
      const now = Buffer.from(Tasks.encode(task).finish()).toString("base64");
      if (shown.get(task.taskId) === now) continue;
      shown.set(task.taskId, now);
      changed.push(task);
    }
    from = page.next;
  }
  const removed = [...shown.keys()].filter((id) => !there.has(id));
  for (const id of removed) shown.delete(id);
  return { changed, removed };
}
