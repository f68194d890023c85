/** Starts and stops runs and missions on request: of schedules, and of runs with children. */
import { type missionService, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import type { Payload, WorkReference } from "@tutti/contracts/types/v1";
import { RunSpec, type runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import {
  definitionOf,
  type EffectJobs,
  endingOf,
  inputOf,
  type JobCommand,
  priorityOf,
} from "@tutti/host/serving";
import { toErrorDetail, toTimestamp } from "@tutti/kernel";
import { confirmChild, refuseChild, type StartChild } from "@tutti/machine-run";
import { confirmStart, confirmStop, refuseStart, type StartRun, type StopRun } from "@tutti/machine-schedule";
import { type Client, traceOf } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import { startErrors } from "../errors.ts";
import { refusalText } from "../runs/inputs.ts";

export interface StartsParts {
  readonly jobs: EffectJobs;
  readonly runs: Pick<Client<typeof runService>, "startRun" | "cancelRun" | "terminateRun">;
  readonly missions: Pick<Client<typeof missionService>, "startMission">;
}

export class Starts {
  readonly #parts: StartsParts;

  constructor(parts: StartsParts) {
    this.#parts = parts;
  }

  /** Starts a run of a schedule. */
  start(due: DueEffect, { runId, run }: StartRun): void {
    const { jobs, runs } = this.#parts;
    const { namespace, kind, id } = due.key;
    const request = StartRunRequest.fromPartial({
      namespace,
      runId,
      spec: RunSpec.decode(run),
      parent: { namespace, kind, id, task: "" },
    });
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      const { run: found, existed } = await runs.startRun(request, { signal });
      // A run that has ended, or belongs to another parent, will not report its end.
      const ended = found?.endTime !== undefined || found?.parent?.id !== id;
      return { command: confirmStart, body: { existed, ended } };
    };
    jobs.startJob(due, attempt, (error) => ({
      command: refuseStart,
      body: { code: error.code, message: refusalText(error) },
    }));
  }

  /** Starts a run or a mission that does a task of a run. */
  startChild(due: DueEffect, effect: StartChild): void {
    const { jobs } = this.#parts;
    const { childId, childKind } = effect;
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      const child =
        childKind === "mission"
          ? await this.#startMission(due, effect, signal)
          : await this.#startRun(due, effect, signal);
      const { existed, parentId, hash, ending } = child;
      if (existed && parentId !== due.key.id) throw startErrors.childTaken({ child: childId });
      // A child that a reset parent requested again may have ended, and will not report that again.
      return { command: confirmChild, body: { id: childId, hash, existed, ending } };
    };
    jobs.startJob(due, attempt, (error) => ({ command: refuseChild, body: { error: toErrorDetail(error) } }));
  }

  async #startRun({ key }: DueEffect, effect: StartChild, signal: AbortSignal) {
    const { namespace, kind, id } = key;
    const { childId, childKind, taskId, parentClose } = effect;
    if (childKind !== "run") throw startErrors.kindNotStarted({ kind: childKind });
    const request = StartRunRequest.fromPartial({
      namespace,
      runId: childId,
      parentClosePolicy: parentClose,
      parent: { namespace, kind, id, task: taskId },
      root: rootOf(key, effect),
      spec: specOf(effect),
    });
    const { run, existed } = await this.#parts.runs.startRun(request, {
      signal,
      trace: traceOf(effect.traceparent),
    });
    const { definitionHash: hash = "", parent } = run ?? {};
    return {
      existed,
      hash,
      parentId: parent?.id,
      ending: run && endingOf(run.runId, run.status, run.outcome),
    };
  }

  async #startMission({ key }: DueEffect, effect: StartChild, signal: AbortSignal) {
    const { namespace, kind, id } = key;
    const { childId, taskId, facts, details } = effect;
    const request = StartMissionRequest.fromPartial({
      namespace,
      missionId: childId,
      parent: { namespace, kind, id, task: taskId },
      root: rootOf(key, effect),
      labels: { ...facts.labels, ...details?.labels },
    });
    const use = { definition: definitionOf(effect), input: inputOf(effect), parameters: undefined };
    request.what = { $case: "definition", value: use };
    request.parentBudget = effect.budget && { ...effect.budget };
    const { mission, existed } = await this.#parts.missions.startMission(request, {
      signal,
      trace: traceOf(effect.traceparent),
    });
    const { definitionHash: hash = "", parent } = mission ?? {};
    const ending = mission && endingOf(mission.missionId, mission.status, mission.outcome);
    return { existed, hash, parentId: parent?.id, ending };
  }

  /** Stops a run that another run of its schedule replaces. */
  stop(due: DueEffect, { runId, terminate }: StopRun): void {
    const { jobs, runs } = this.#parts;
    const request = {
      namespace: due.key.namespace,
      runId,
      reason: `another run of the schedule ${due.key.id} takes its place`,
    };
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      if (terminate) await runs.terminateRun(request, { signal });
      else await runs.cancelRun({ ...request, noCompensate: false }, { signal });
      return { command: confirmStop, body: { ended: false } };
    };
    // It does not exist any more, or has ended.
    jobs.startJob(due, attempt, () => ({ command: confirmStop, body: { ended: true } }));
  }
}

/** Returns the outermost ancestor of a child. */
function rootOf({ namespace, kind, id }: DueEffect["key"], { root }: StartChild): WorkReference {
  return root ?? { namespace, kind, id, task: "" };
}

function specOf(effect: StartChild): RunSpec {
  const { parameters, facts, details } = effect;
  const dueMs = details?.dueMs || facts.dueMs;
  return {
    ...RunSpec.create(),
    what: { $case: "definition", value: definitionOf(effect) },
    input: inputOf(effect),
    parameters: parameters === undefined ? undefined : inline(parameters),
    labels: { ...facts.labels, ...details?.labels },
    priority: priorityOf(effect),
    dueTime: dueMs === 0 ? undefined : toTimestamp(dueMs),
    share: effect.share && { ...effect.share, reservationIds: [...effect.share.reservationIds] },
    budget: effect.budget && { ...effect.budget },
  };
}

function inline(value: Uint8Array): Payload {
  return { body: { $case: "inline", value }, mediaType: "" };
}
