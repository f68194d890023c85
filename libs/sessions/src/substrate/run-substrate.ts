/** Parts whose tasks run in their declared order: each is a run. */
import { type Amounts, NeedCondition, type TaskOutcome, type TaskSpec } from "@tutti/contracts/types/v1";
import {
  ListTasksRequest,
  ParentClosePolicy,
  type Run,
  RunSpec,
  type runService,
  StartRunRequest,
  type Task,
  type taskService,
} from "@tutti/contracts/workflow/v1";
import { fromTimestamp, type Timestamp } from "@tutti/kernel";
import type { OperatePart, PartWork, StartPart } from "@tutti/machine-session";
import type { Client } from "@tutti/mesh";
import { partWorkErrors } from "../errors.ts";
import {
  type Done,
  type EventWait,
  endOf,
  inputOf,
  nothingDone,
  type ObservedTask,
  type Place,
  type RequestOptions,
  type Substrate,
  shareOf,
  standInFor,
  taskOfPart,
  type WorkState,
  waitFor,
} from "./substrate.ts";

const page = 1_000;

export interface RunSubstrateParts {
  readonly runs: Pick<
    Client<typeof runService>,
    "startRun" | "getRun" | "awaitRun" | "pauseRun" | "resumeRun" | "signalRun"
  >;
  readonly tasks: Pick<
    Client<typeof taskService>,
    "listTasks" | "addTasks" | "withdrawTasks" | "bringInOutcomes" | "repairTask"
  >;
}

export class RunSubstrate implements Substrate {
  readonly #parts: RunSubstrateParts;

  constructor(parts: RunSubstrateParts) {
    this.#parts = parts;
  }

  async start(place: Place, part: StartPart, options: RequestOptions, onStarted: () => void): Promise<void> {
    const { namespace, sessionId: id } = place;
    const { spec, partId, workId, elsewhere } = part;
    const request = StartRunRequest.fromPartial({
      namespace,
      runId: workId,
      parent: { namespace, kind: "session", id, task: partId },
      parentClosePolicy: ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
    });
    const tasks = [...standInsFor(elsewhere, 0), ...part.tasks.map((task) => taskOfPart(task, part, place))];
    const input = inputOf(part);
    request.spec = {
      ...RunSpec.create(),
      what: { $case: "tasks", value: { tasks, output: "", input } },
      labels: spec.labels,
      priority: spec.priority,
      pool: spec.pool,
      dueTime: spec.dueTime,
      retentionMs: spec.retentionMs,
      budget: spec.budget,
      share: shareOf(part, place),
    };
    const { run, existed } = await this.#parts.runs.startRun(request, options);
    onStarted();
    if (existed && run?.parent?.id !== id) throw partWorkErrors.childTaken({ child: workId });
    await this.#withdraw(place, part, { elsewhere, number: 0 }, options);
  }

  async state(
    { namespace }: Place,
    { workId: runId }: PartWork,
    options: RequestOptions,
    wait?: EventWait,
  ): Promise<WorkState> {
    const { runs } = this.#parts;
    const { run } =
      wait === undefined
        ? await runs.getRun({ namespace, runId, atEvent: 0 }, options)
        : await runs.awaitRun(
            { namespace, runId, ...waitFor(wait) },
            { ...options, timeoutMs: 2 * wait.waitMs },
          );
    const { status = 0, eventCount: events = 0, openApprovals = 0, outcome } = run ?? {};
    const used = usedWithin(run);
    return { status, events, openApprovals, outcome, ...(used !== undefined && { used }) };
  }

  async *tasks(
    { namespace }: Place,
    { workId }: PartWork,
    options: RequestOptions,
  ): AsyncGenerator<readonly ObservedTask[], void> {
    for (let token = ""; ; ) {
      const request = ListTasksRequest.fromPartial({
        namespace,
        runId: workId,
        topOnly: false,
        withPayloads: true,
        page: { size: page, token },
      });
      const reply = await this.#parts.tasks.listTasks(request, options);
      yield reply.tasks.filter(({ compensates }) => compensates === "").map(observedTask);
      token = reply.page?.nextToken ?? "";
      if (token === "") return;
    }
  }

  async operate(
    place: Place,
    part: OperatePart,
    outcomes: readonly TaskOutcome[],
    options: RequestOptions,
  ): Promise<Done> {
    const { namespace, sessionId } = place;
    const { workId: runId, partId, number, elsewhere } = part;
    const { operation } = part.operation;
    const { runs, tasks } = this.#parts;
    const idempotencyKey = `session/${sessionId}/${partId}/${number}`;
    switch (operation?.$case) {
      case "add": {
        const added = [
          ...standInsFor(elsewhere, number),
          ...part.tasks.map((task) => taskOfPart(task, part, place)),
        ];
        const reason = "they belong to the session's part";
        await tasks.addTasks(
          { namespace, runId, tasks: added, parentTaskId: "", reason, idempotencyKey },
          options,
        );
        await this.#withdraw(place, part, { elsewhere, number }, options);
        return nothingDone;
      }
      case "withdraw":
        return await tasks.withdrawTasks(
          { namespace, runId, taskIds: [...part.taskIds], reason: operation.value.reason },
          options,
        );
      case "bringIn":
        if (outcomes.length > 0)
          await tasks.bringInOutcomes({ namespace, runId, outcomes: [...outcomes] }, options);
        return nothingDone;
      case "pause":
        await runs.pauseRun({ namespace, runId, reason: "its session is paused", idempotencyKey }, options);
        return nothingDone;
      case "resume":
        await runs.resumeRun(
          { namespace, runId, taskIds: [], reason: "its session continues", idempotencyKey },
          options,
        );
        return nothingDone;
      case "signal": {
        const { signal, payload } = operation.value;
        await runs.signalRun({ namespace, runId, signal, payload, idempotencyKey }, options);
        return nothingDone;
      }
      default:
        return nothingDone;
    }
  }

  /**
   * Stand-ins for tasks of other parts never start: once they are removed, the tasks that waited for them
   * continue.
   */
  async #withdraw(
    { namespace, sessionId }: Place,
    { workId: runId, partId }: PartWork,
    { elsewhere, number }: { readonly elsewhere: readonly string[]; readonly number: number },
    options: RequestOptions,
  ): Promise<void> {
    if (elsewhere.length === 0) return;
    const { tasks } = this.#parts;
    const reason = "another part of the session does it";
    await tasks.withdrawTasks({ namespace, runId, taskIds: [...elsewhere], reason }, options);
    const repair = { $case: "output" as const, value: { body: undefined, mediaType: "" } };
    const idempotencyKey = `session/${sessionId}/${partId}/hold/${number}`;
    const request = { namespace, runId, taskId: holdOf(number), repair, reason, idempotencyKey };
    await tasks.repairTask(request, options);
  }
}

/**
 * Only waiting tasks can be removed from a run: stand-ins wait for a task that never starts.
 */
function standInsFor(elsewhere: readonly string[], number: number): TaskSpec[] {
  if (elsewhere.length === 0) return [];
  const needs = [{ task: holdOf(number), condition: NeedCondition.NEED_CONDITION_SUCCESS }];
  return [standInFor(holdOf(number)), ...elsewhere.map((id) => ({ ...standInFor(id), needs }))];
}

function holdOf(number: number): string {
  return `session-hold-${number}`;
}

function observedTask(task: Task): ObservedTask {
  const { taskId: id, status, statusReason: reason, attempts, attemptCount, outcome, used } = task;
  const endMs = msOf(task.endTime);
  return {
    id,
    status,
    reason,
    used,
    agent: attempts.at(-1)?.agentId ?? "",
    attempts: attemptCount,
    readyMs: msOf(task.readyTime),
    startMs: startOf(task, endMs),
    endMs,
    ...endOf(outcome),
  };
}

/**
 * A task that ended immediately has no recorded start: the agent received it at most this long before its
 * end.
 */
function startOf({ startTime, attempts }: Task, endMs: number): number {
  const last = attempts.at(-1);
  const known = msOf(startTime) || msOf(last?.startTime);
  if (known > 0 || endMs === 0 || last === undefined || last.agentId === "") return known;
  return Math.min(endMs, msOf(last.queueTime));
}

export function msOf(time: Timestamp | undefined): number {
  return time === undefined ? 0 : fromTimestamp(time);
}

/** Returns its usage within its budget: reported usage beyond that does not count for the session. */
function usedWithin(run: Run | undefined): Amounts | undefined {
  const { budget } = run?.spec ?? {};
  if (budget === undefined) return undefined;
  const used = run?.used ?? { tokens: 0, money: 0, timeMs: 0 };
  const within = (kind: "tokens" | "money" | "timeMs") =>
    budget[kind] > 0 ? Math.min(budget[kind], used[kind]) : used[kind];
  return { tokens: within("tokens"), money: within("money"), timeMs: within("timeMs") };
}
