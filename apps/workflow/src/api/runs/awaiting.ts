/** Waiting for runs: for their ends and for every change. */
import {
  type AwaitRunReply,
  type AwaitRunRequest,
  type Run,
  type Task,
  Task as Tasks,
  type WatchRunReply,
  type WatchRunRequest,
} from "@tutti/contracts/workflow/v1";
import { cursorAt, lookupsOf, positionIn, resume, SentItems, whenEnded } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { showTasks, type TasksPage } from "@tutti/machine-run";
import { keyOf, queryRun, type RunDependencies, runNamed, runWork } from "./dependencies.ts";

export async function awaitRun(
  dependencies: RunDependencies,
  { runId, waitMs, afterEvent }: AwaitRunRequest,
  context: CallContext,
): Promise<AwaitRunReply> {
  const key = keyOf(context.namespace, runId);
  const ended = new AbortController();
  const stop = dependencies.ends.listen(key, () => ended.abort());
  const read = () => runNamed(dependencies, runId, {}, context);
  const awaited = { id: runId, waitMs, read, afterEvent, endSignal: ended.signal };
  try {
    return { run: await whenEnded(dependencies, runWork, awaited, context) };
  } finally {
    stop();
  }
}

export async function* watchRun(
  dependencies: RunDependencies,
  { runId, withTasks, withPayloads, cursor }: WatchRunRequest,
  context: CallContext,
): AsyncGenerator<WatchRunReply, void> {
  const sent = new SentTasks(dependencies, runId, { withPayloads, context });
  let isFirst = true;
  let known = cursor;
  for await (const { isLookup } of lookupsOf(dependencies, runWork, runId, context)) {
    if (!isLookup) {
      yield { ...nothingNew, cursor: known };
      continue;
    }
    const run = await runNamed(dependencies, runId, { withPayloads }, context);
    const isResumed = isFirst && cursor !== "" && (await sent.resume(run, cursor, withTasks));
    const isFirstState = isFirst && !isResumed;
    // An ended run needs no comparison with later states.
    if (run.endTime !== undefined && isFirstState) sent.stopTracking();
    const changed: Task[] = [];
    for (let from = withTasks ? 0 : -1; from >= 0; ) {
      const page = await sent.readPage(from);
      from = page.next;
      changed.push(...page.changed);
      // The snapshot is sent while it is read: the reader of the first tasks need not wait for the last.
      if (isFirstState && from >= 0) yield { ...nothingNew, run, tasks: changed.splice(0), live: false };
    }
    // A caller that continues would mistake a snapshot that is live at once for changes.
    if (isFirstState && cursor !== "") yield { ...nothingNew, run, tasks: changed.splice(0), live: false };
    known = cursorAt({ ...run, id: runId });
    const isSame = isResumed && known === cursor;
    const removedTaskIds = sent.drainRemoved();
    yield { run: isSame ? undefined : run, tasks: changed, removedTaskIds, live: true, cursor: known };
    isFirst = false;
  }
}

const nothingNew: WatchRunReply = { run: undefined, tasks: [], removedTaskIds: [], live: true, cursor: "" };
const tasksPage = 1_000;

interface TaskChanges {
  /** Tasks that differ from their last sent state. */
  readonly changed: readonly Task[];
  /** Where to continue. -1 at the end. */
  readonly next: number;
}

/** The tasks of a run that its watcher knows. */
class SentTasks {
  readonly #dependencies: RunDependencies;
  readonly #runId: string;
  readonly #options: { readonly withPayloads: boolean; readonly context: CallContext };
  readonly #sent = new SentItems<Task>(
    ({ taskId }) => taskId,
    (task) => Tasks.encode(task).finish(),
  );
  #isTracking = true;

  constructor(
    dependencies: RunDependencies,
    runId: string,
    options: { readonly withPayloads: boolean; readonly context: CallContext },
  ) {
    this.#dependencies = dependencies;
    this.#runId = runId;
    this.#options = options;
  }

  /** Stops remembering: each task is sent once. */
  stopTracking(): void {
    this.#isTracking = false;
  }

  /**
   * Restores the watcher's knowledge from before its stream broke. False if the watcher must receive everything again.
   */
  async resume(run: Run, cursor: string, withTasks: boolean): Promise<boolean> {
    const watched = { ...run, id: this.#runId };
    const position = positionIn(cursor, watched);
    if (position === undefined) return false;
    const know = async (atEvent: number): Promise<void> => {
      for (let from = withTasks ? 0 : -1; from >= 0; ) {
        const { tasks, next } = await this.#tasks(from, atEvent, Math.max(tasksPage, position.event));
        for (const task of tasks) this.#sent.markSent(task);
        from = next;
      }
    };
    const isKnown = await resume(this.#dependencies, runWork, watched, position, know, this.#options.context);
    if (!isKnown) this.#sent.clear();
    return isKnown;
  }

  /** Returns one page of changed tasks from a position on. */
  async readPage(from: number): Promise<TaskChanges> {
    const { tasks, next } = await this.#tasks(from, 0, tasksPage);
    return { changed: this.#isTracking ? tasks.filter((task) => this.#sent.isOther(task)) : tasks, next };
  }

  /** Returns sent tasks that were missing in the last complete look. */
  drainRemoved(): string[] {
    return this.#sent.drainRemoved();
  }

  async #tasks(from: number, atEvent: number, size: number): Promise<TasksPage> {
    const { withPayloads, context } = this.#options;
    const any = { statuses: [], parentTaskId: "", topOnly: false, text: "" };
    const call = { query: showTasks, body: { ...any, withPayloads, from, size }, atEvent };
    return (await queryRun(this.#dependencies, this.#runId, call, context)) as TasksPage;
  }
}
