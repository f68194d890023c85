/** A followed run, built from the replies of its stream. */
import type { CodeCompensation } from "@tutti/rest/history";
import { rejectionText } from "@tutti/rest/text";
import type { Amounts, Run, Task, WatchRunReply } from "@tutti/rest/types";
import { startOf } from "../terminal/progress.ts";
import type { Followed, WorkChanges, WorkSummary } from "./model.ts";
import type { RunView, TaskView } from "./run-view.ts";

export class RunModel implements Followed<WatchRunReply> {
  #run: Run | undefined;
  readonly #tasks = new Map<string, Task>();
  #last: Partial<WatchRunReply> = {};

  get summary(): WorkSummary | undefined {
    return this.#run && summaryOf(this.#run);
  }

  get failedTask(): string | undefined {
    return [...this.#tasks.values()].find(({ status }) => status === "failed")?.taskId;
  }

  /** The changes of the last reply. Of the entries of a list, only those that have failed or are retrying. */
  get changes(): WorkChanges {
    const { run, tasks = [] } = this.#last;
    const entries = entriesOf(this.#tasks.values());
    return {
      tasks: tasks
        .filter((task) => !isEntry(task) || task.status === "failed" || task.status === "retrying")
        .map((task) => taskView(task, entries.get(task.taskId))),
      summary: run && summaryOf(run),
    };
  }

  reset(): void {
    this.#tasks.clear();
  }

  apply(reply: Partial<WatchRunReply>): void {
    const { run, tasks = [], removedTaskIds = [] } = reply;
    this.#last = reply;
    if (run !== undefined) this.#run = run;
    for (const task of tasks) this.#tasks.set(task.taskId, task);
    for (const id of removedTaskIds) this.#tasks.delete(id);
  }

  view(): RunView | undefined {
    return this.#run === undefined ? undefined : viewOf(this.#run, [...this.#tasks.values()]);
  }
}

const summaryOf = ({ runId: id, status, statusReason = "" }: Run): WorkSummary => ({
  id,
  status,
  statusReason,
});

/** Returns the drawn part of a run and its tasks. Entries of lists are in the row of their task. */
export function viewOf(
  run: Run,
  all: readonly Task[],
  compensations: readonly CodeCompensation[] = [],
): RunView {
  const entries = entriesOf(all);
  const top = all.filter(
    ({ parentTaskId = "", compensates = "" }) => parentTaskId === "" && compensates === "",
  );
  const called = callsOf(all);
  const viewOfTask = (task: Task): TaskView => ({
    ...taskView(task, entries.get(task.taskId)),
    parts: [
      ...(called.get(task.taskId) ?? []).map(viewOfTask),
      ...compensations.filter((each) => each.task === task.taskId).map(compensationView),
    ],
  });
  const { tasks: counts = {} } = run;
  return {
    id: run.runId,
    workflow: run.spec?.definition?.name ?? "",
    state: run.status,
    reason: run.statusReason ?? "",
    progress: isDone(run.status) ? 1 : (run.progress ?? 0),
    startMs: startOf(run),
    endMs: run.endTimeMs,
    openApprovals: Math.max(run.openApprovals ?? 0, top.filter(isOpenQuestion).length),
    counts: counts as Readonly<Record<string, number>>,
    tasks: top.map(viewOfTask),
  };
}

const isOpenQuestion = ({ kind, status }: Task): boolean => kind === "approve" && status === "waiting";

const isDone = (state: string): boolean => state === "completed" || state === "continued";

function taskView(task: Task, entries?: TaskView["entries"]): TaskView {
  const attempt = task.attempts.at(-1);
  const error =
    task.outcome?.failed ?? task.attempts.findLast((attempt) => attempt.error !== undefined)?.error;
  return {
    id: task.taskId,
    title: task.title ?? "",
    kind: task.kind,
    uses: task.uses ?? "",
    needs: task.needs.map(({ task: id = "" }) => id),
    // A task of a list waits for its entries. It counts as running as long as they run.
    state: entries !== undefined && task.status === "waiting" ? "running" : task.status,
    reason: task.statusReason ?? "",
    attempts: attemptsOf(task),
    error: rejectionText(error) ?? error?.message ?? "",
    startMs: task.startTimeMs ?? task.readyTimeMs,
    endMs: task.endTimeMs,
    changeMs: changeOf(task),
    nextMs: task.nextTimeMs,
    progress: attempt?.progress ?? 0,
    entries,
    used: usedOf(task.used),
    parts: [],
  };
}

/** Returns the time when a task changed to its state. A compensated task keeps the end of its own work. */
function changeOf({ status, attempts, readyTimeMs, startTimeMs, endTimeMs }: Task): number | undefined {
  const {
    queueTimeMs,
    startTimeMs: attemptMs,
    endTimeMs: attemptEndMs,
    compensation,
  } = attempts.at(-1) ?? {};
  switch (status) {
    case "queued":
      return queueTimeMs ?? readyTimeMs;
    case "running":
      return attemptMs ?? startTimeMs ?? readyTimeMs;
    case "waiting":
      return attempts.length === 0 ? readyTimeMs : attemptEndMs;
    case "retrying":
    case "paused":
      return attemptEndMs;
    case "compensating":
      return compensation === true ? queueTimeMs : undefined;
    case "compensated":
      return undefined;
    default:
      return endTimeMs;
  }
}

function compensationView({ name, error }: CodeCompensation): TaskView {
  const state = error === "" ? "compensated" : "failed";
  return {
    id: name,
    title: "",
    kind: "compensation",
    uses: "",
    needs: [],
    state,
    reason: "",
    attempts: 1,
    error,
    startMs: undefined,
    endMs: undefined,
    changeMs: undefined,
    nextMs: undefined,
    progress: 0,
    entries: undefined,
    used: undefined,
    parts: [],
  };
}

export function usedOf({ tokens = 0, money = 0 }: Amounts = {}): TaskView["used"] {
  return tokens === 0 && money === 0 ? undefined : { tokens, usd: money };
}

/** Returns the tasks that durable functions and agents have called, by caller. */
function callsOf(all: readonly Task[]): Map<string, Task[]> {
  const called = new Map<string, Task[]>(all.filter(isFunction).map(({ taskId }) => [taskId, []]));
  for (const task of all) if (!isEntry(task)) called.get(task.parentTaskId ?? "")?.push(task);
  return called;
}

/** Whether a task is a durable function or an agent. Each of its turns is an attempt. */
export const isFunction = ({ kind }: Pick<Task, "kind">): boolean => kind === "function";

/** Returns the number of attempts. Successful turns do not count as retries. */
function attemptsOf(task: Task): number {
  if (!isFunction(task)) return task.attemptCount ?? task.attempts.length;
  const failed = task.attempts.filter(({ error }) => error !== undefined).length;
  return task.attempts.at(-1)?.error === undefined ? failed + 1 : failed;
}

/** Whether a task is an entry of a list, as `ship[3]` of `ship`. Rounds of a loop and tasks added to a task are not. */
function isEntry({ taskId, parentTaskId = "" }: Task): boolean {
  return parentTaskId !== "" && taskId.startsWith(`${parentTaskId}[`);
}

/** Counts the completed entries of each task with a list. */
function entriesOf(tasks: Iterable<Task>): Map<string, { done: number; failed: number; total: number }> {
  const counted = new Map<string, { done: number; failed: number; total: number }>();
  for (const task of tasks) {
    if (!isEntry(task)) continue;
    const { parentTaskId = "", status } = task;
    const count = counted.get(parentTaskId) ?? { done: 0, failed: 0, total: 0 };
    count.total += 1;
    if (status === "completed" || status === "skipped") count.done += 1;
    if (status === "failed") count.failed += 1;
    counted.set(parentTaskId, count);
  }
  return counted;
}
