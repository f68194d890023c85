/** Starts runs and missions that do tasks of missions. */
import { type Mission, type missionService, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import {
  ParentClosePolicy,
  type RunEnding,
  RunSpec,
  type runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import {
  definitionOf,
  type EffectJobs,
  endingOf,
  inputOf,
  type JobCommand,
  priorityOf,
} from "@tutti/host/serving";
import { toErrorDetail, toTimestamp } from "@tutti/kernel";
import { confirmChild, refuseChild, type StartMissionChild } from "@tutti/machine-mission";
import { type Client, traceOf } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import { missionServiceErrors } from "./errors.ts";

export interface MissionStartsParts {
  readonly effectJobs: EffectJobs;
  readonly runs: Pick<Client<typeof runService>, "startRun">;
  readonly missions: Pick<Client<typeof missionService>, "startMission">;
}

/** The reply to the start of a child that exists. */
interface Started {
  readonly hash: string;
  readonly existed: boolean;
  readonly parentId: string | undefined;
  readonly ending: RunEnding | undefined;
}

export class MissionStarts {
  readonly #parts: MissionStartsParts;

  constructor(parts: MissionStartsParts) {
    this.#parts = parts;
  }

  startChild(due: DueEffect, effect: StartMissionChild): void {
    const { childId, childKind } = effect;
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      const started =
        childKind === "mission"
          ? await this.#startMission(due, effect, signal)
          : await this.#startRun(due, effect, signal);
      const { hash, existed, parentId, ending } = started;
      if (existed && parentId !== due.key.id) throw missionServiceErrors.childTaken({ child: childId });
      // A child that was requested before may have ended, and will not report that again.
      return { command: confirmChild, body: { id: childId, hash, existed, ending } };
    };
    this.#parts.effectJobs.startJob(due, attempt, (error) => ({
      command: refuseChild,
      body: { error: toErrorDetail(error) },
    }));
  }

  async #startRun({ key }: DueEffect, effect: StartMissionChild, signal: AbortSignal): Promise<Started> {
    const { namespace, kind, id } = key;
    const { childId, taskId, facts, budget, root } = effect;
    const request = StartRunRequest.fromPartial({
      namespace,
      runId: childId,
      parent: { namespace, kind, id, task: taskId },
      root,
      parentClosePolicy: ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
    });
    request.spec = {
      ...RunSpec.create(),
      what: { $case: "definition", value: definitionOf(effect) },
      input: inputOf(effect),
      labels: { ...facts.labels },
      priority: priorityOf(effect),
      dueTime: facts.dueMs === 0 ? undefined : toTimestamp(facts.dueMs),
      budget,
      share: effect.share && { ...effect.share, reservationIds: [...effect.share.reservationIds] },
    };
    const { run, existed } = await this.#parts.runs.startRun(request, {
      signal,
      trace: traceOf(effect.traceparent),
    });
    const { definitionHash = "", parent } = run ?? {};
    const ending = run && endingOf(run.runId, run.status, run.outcome);
    return { hash: definitionHash, existed, parentId: parent?.id, ending };
  }

  async #startMission({ key }: DueEffect, effect: StartMissionChild, signal: AbortSignal): Promise<Started> {
    const { namespace, kind, id } = key;
    const { childId, taskId, facts, budget, root, depth, depthLeft } = effect;
    const request = StartMissionRequest.fromPartial({
      namespace,
      missionId: childId,
      labels: { ...facts.labels },
      root,
      depth,
      depthLeft,
      parent: { namespace, kind, id, task: taskId },
    });
    const use = { definition: definitionOf(effect), input: inputOf(effect), parameters: undefined };
    request.what = { $case: "definition", value: use };
    request.parentBudget = budget;
    const { mission, existed } = await this.#parts.missions.startMission(request, {
      signal,
      trace: traceOf(effect.traceparent),
    });
    return { ...startedOf(mission), existed };
  }
}

function startedOf(mission: Mission | undefined): Omit<Started, "existed"> {
  const { definitionHash = "", parent } = mission ?? {};
  const ending = mission && endingOf(mission.missionId, mission.status, mission.outcome);
  return { hash: definitionHash, parentId: parent?.id, ending };
}
