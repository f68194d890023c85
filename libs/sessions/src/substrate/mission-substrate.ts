/**
 * Parts whose tasks the swarm executes, and planned parts: each is a mission, which ends when the session closes
 * it.
 */
import {
  type BoardTask,
  type boardService,
  ListTasksRequest,
  MissionSpec,
  type missionService,
  StartMissionRequest,
} from "@tutti/contracts/swarm/v1";
import type { TaskOutcome, TaskSpec } from "@tutti/contracts/types/v1";
import type { OperatePart, PartWork, StartPart } from "@tutti/machine-session";
import type { Client } from "@tutti/mesh";
import { partWorkErrors } from "../errors.ts";
import { msOf } from "./run-substrate.ts";
import {
  type Done,
  type EventWait,
  endOf,
  inOrder,
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
/** Maximum number of initial tasks of a mission, and of tasks that are added in one call. */
const tasksPerCallMax = 10_000;
/** Entry that closes the mission: the mission ends only by this, and not when all its tasks have ended. */
const endKey = "session_ended";

export interface MissionSubstrateParts {
  readonly missions: Pick<
    Client<typeof missionService>,
    "startMission" | "getMission" | "awaitMission" | "pauseMission" | "resumeMission" | "signalMission"
  >;
  readonly board: Pick<
    Client<typeof boardService>,
    "listTasks" | "addTasks" | "withdrawTasks" | "bringInOutcomes" | "putEntries"
  >;
}

export class MissionSubstrate implements Substrate {
  readonly #parts: MissionSubstrateParts;

  constructor(parts: MissionSubstrateParts) {
    this.#parts = parts;
  }

  async start(place: Place, part: StartPart, options: RequestOptions): Promise<void> {
    const { namespace, sessionId: id } = place;
    const { partId, workId, elsewhere } = part;
    const request = StartMissionRequest.fromPartial({
      namespace,
      missionId: workId,
      parent: { namespace, kind: "session", id, task: partId },
    });
    const all = inOrder([
      ...elsewhere.map(standInFor),
      ...part.tasks.map((task) => taskOfPart(task, part, place)),
    ]);
    const [first = [], ...later] = pieces(all);
    request.what = { $case: "spec", value: specOf(part, first, place) };
    const { mission, existed } = await this.#parts.missions.startMission(request, options);
    if (existed && mission?.parent?.id !== id) throw partWorkErrors.childTaken({ child: workId });
    let from = first.length;
    for (const piece of later) {
      await this.#add(place, part, piece, `start/${from}`, options);
      from += piece.length;
    }
    await this.#withdraw(place, part, elsewhere, options);
  }

  async state(
    { namespace }: Place,
    { workId: missionId }: PartWork,
    options: RequestOptions,
    wait?: EventWait,
  ): Promise<WorkState> {
    const { missions } = this.#parts;
    const { mission } =
      wait === undefined
        ? await missions.getMission({ namespace, missionId, atEvent: 0 }, options)
        : await missions.awaitMission(
            { namespace, missionId, ...waitFor(wait) },
            { ...options, timeoutMs: 2 * wait.waitMs },
          );
    const { status = 0, eventCount: events = 0, openApprovals = 0, outcome, budget } = mission ?? {};
    const { spent, reserved } = budget ?? {};
    // Amounts that are still reserved at its end may have been used.
    const used = spent && {
      tokens: spent.tokens + (reserved?.tokens ?? 0),
      money: spent.money + (reserved?.money ?? 0),
      timeMs: spent.timeMs + (reserved?.timeMs ?? 0),
    };
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
        missionId: workId,
        page: { size: page, token },
      });
      const reply = await this.#parts.board.listTasks(request, options);
      yield reply.tasks.map(observedTask);
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
    const { workId: missionId, partId, number, elsewhere } = part;
    const { operation } = part.operation;
    const { missions, board } = this.#parts;
    const idempotencyKey = `session/${sessionId}/${partId}/${number}`;
    switch (operation?.$case) {
      case "add":
        await this.#add(
          place,
          part,
          [...elsewhere.map(standInFor), ...part.tasks.map((task) => taskOfPart(task, part, place))],
          `${number}`,
          options,
        );
        await this.#withdraw(place, part, elsewhere, options);
        return nothingDone;
      case "withdraw":
        return await board.withdrawTasks(
          { namespace, missionId, taskIds: [...part.taskIds], reason: operation.value.reason },
          options,
        );
      case "bringIn":
        if (outcomes.length > 0)
          await board.bringInOutcomes({ namespace, missionId, outcomes: [...outcomes] }, options);
        return nothingDone;
      case "pause":
        await missions.pauseMission(
          { namespace, missionId, reason: "its session is paused", idempotencyKey },
          options,
        );
        return nothingDone;
      case "resume":
        await missions.resumeMission(
          { namespace, missionId, reason: "its session continues", idempotencyKey },
          options,
        );
        return nothingDone;
      case "signal": {
        const { signal, payload } = operation.value;
        await missions.signalMission({ namespace, missionId, signal, payload, idempotencyKey }, options);
        return nothingDone;
      }
      case "close": {
        const value = { body: { $case: "inline" as const, value: Buffer.from("true") }, mediaType: "" };
        const writes = [{ key: endKey, value, ifVersion: undefined }];
        const request = { namespace, missionId, agentId: "", writes, allOrNone: true, idempotencyKey };
        await board.putEntries(request, options);
        return nothingDone;
      }
      default:
        return nothingDone;
    }
  }

  async #add(
    { namespace, sessionId }: Place,
    { workId: missionId, partId }: PartWork,
    tasks: readonly TaskSpec[],
    keySuffix: string,
    options: RequestOptions,
  ): Promise<void> {
    const idempotencyKey = `session/${sessionId}/${partId}/${keySuffix}`;
    const request = {
      namespace,
      missionId,
      agentId: "",
      tasks: [...tasks],
      parentTaskId: "",
      idempotencyKey,
    };
    await this.#parts.board.addTasks(request, options);
  }

  /** Stand-ins for tasks of other parts never start. */
  async #withdraw(
    { namespace }: Place,
    { workId: missionId }: PartWork,
    taskIds: readonly string[],
    options: RequestOptions,
  ): Promise<void> {
    if (taskIds.length === 0) return;
    const reason = "another part of the session does it";
    await this.#parts.board.withdrawTasks({ namespace, missionId, taskIds: [...taskIds], reason }, options);
  }
}

/** Divides tasks into pieces. A gang is in one piece: all of its members are added together. */
function pieces(tasks: readonly TaskSpec[]): TaskSpec[][] {
  const result: TaskSpec[][] = [];
  for (let from = 0; from < tasks.length; ) {
    let to = Math.min(from + tasksPerCallMax, tasks.length);
    while (to < tasks.length && tasks[to]?.gang !== "" && tasks[to]?.gang === tasks[to - 1]?.gang) to--;
    result.push(tasks.slice(from, to));
    from = to;
  }
  return result;
}

function specOf(part: StartPart, tasks: TaskSpec[], place: Place): MissionSpec {
  const { spec, partId } = part;
  const input = inputOf(part);
  const missionSpec = MissionSpec.fromPartial({
    title: spec.title === "" ? partId : spec.title,
    pool: spec.pool,
    priority: spec.priority,
    retentionMs: spec.retentionMs,
    labels: spec.labels,
    share: shareOf(part, place),
    stopConditions: [{ name: "session", condition: `board.${endKey} == true` }],
    ...(spec.budget !== undefined && { budget: { amounts: spec.budget } }),
  });
  return { ...missionSpec, tasks, input, dueTime: spec.dueTime };
}

function observedTask(task: BoardTask): ObservedTask {
  const { spec, status, statusReason: reason, agentId, attempts, outcome, used } = task;
  return {
    id: spec?.id ?? "",
    status,
    reason,
    used,
    agent: agentId,
    attempts,
    readyMs: msOf(task.readyTime),
    startMs: msOf(task.startTime),
    endMs: msOf(task.endTime),
    ...endOf(outcome),
  };
}
