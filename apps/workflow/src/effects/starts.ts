/** Starts and stops runs for those that ask for it: schedules, and runs with children. */
import type { Payload } from "@tutti/contracts/types/v1";
import {
  type Run,
  type RunEnding,
  RunSpec,
  type runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import type { Errands, ErrandTold as Told } from "@tutti/host/serving";
import { toErrorDetail, toTimestamp } from "@tutti/kernel";
import { confirmChild, refuseChild, type StartChild } from "@tutti/machine-run";
import { confirmStart, confirmStop, refuseStart, type StartRun, type StopRun } from "@tutti/machine-schedule";
import type { Client } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import { startErrors } from "../errors.ts";

export interface StartsParts {
  readonly errands: Errands;
  readonly runs: Pick<Client<typeof runService>, "startRun" | "cancelRun" | "terminateRun">;
}

export class Starts {
  readonly #parts: StartsParts;

  constructor(parts: StartsParts) {
    this.#parts = parts;
  }

  /** A run of a schedule. */
  start(due: DueEffect, { runId, run }: StartRun): void {
    const { errands, runs } = this.#parts;
    const { namespace, kind, id } = due.key;
    const request = StartRunRequest.fromPartial({
      ...{ namespace, runId, spec: RunSpec.decode(run) },
      parent: { namespace, kind, id, task: "" },
    });
    const attempt = async (signal: AbortSignal): Promise<Told> => {
      const { run: found, existed } = await runs.startRun(request, { signal });
      // One that has ended, or is somebody else's, will not tell of its end.
      const ended = found?.endTime !== undefined || found?.parent?.id !== id;
      return { command: confirmStart, body: { existed, ended } };
    };
    errands.begin(due, attempt, ({ code, message }) => ({ command: refuseStart, body: { code, message } }));
  }

  /** A run that does a task of another one. */
  startChild(due: DueEffect, effect: StartChild): void {
    const { errands, runs } = this.#parts;
    const { namespace, kind, id } = due.key;
    const { childId, taskId, parentClose } = effect;
    const parent = { namespace, kind, id, task: taskId };
    const request = StartRunRequest.fromPartial({
      ...{ namespace, runId: childId, parent, parentClosePolicy: parentClose },
      spec: specOf(effect),
    });
    const attempt = async (signal: AbortSignal): Promise<Told> => {
      if (effect.childKind !== "run") throw startErrors.kindNotStarted({ kind: effect.childKind });
      const { run, existed } = await runs.startRun(request, { signal });
      if (existed && run?.parent?.id !== id) throw startErrors.childTaken({ child: childId });
      // One that was asked for again by a parent that was reset may have ended, and will not tell it anew.
      const body = { id: childId, hash: run?.definitionHash ?? "", existed, ending: run && endingOf(run) };
      return { command: confirmChild, body };
    };
    errands.begin(due, attempt, (error) => ({ command: refuseChild, body: { error: toErrorDetail(error) } }));
  }

  /** The end of a run that another one of its schedule takes the place of. */
  stop(due: DueEffect, { runId, terminate }: StopRun): void {
    const { errands, runs } = this.#parts;
    const request = {
      ...{ namespace: due.key.namespace, runId },
      reason: `another run of the schedule ${due.key.id} takes its place`,
    };
    const attempt = async (signal: AbortSignal): Promise<Told> => {
      if (terminate) await runs.terminateRun(request, { signal });
      else await runs.cancelRun(request, { signal });
      return { command: confirmStop, body: { ended: false } };
    };
    // It is not there any more, or has ended.
    errands.begin(due, attempt, () => ({ command: confirmStop, body: { ended: true } }));
  }
}

function specOf({ definition, label, hash, input, parameters, facts, details }: StartChild): RunSpec {
  const version =
    hash !== ""
      ? ({ $case: "hash", value: hash } as const)
      : label !== ""
        ? ({ $case: "label", value: label } as const)
        : undefined;
  const dueMs = details?.dueMs || facts.dueMs;
  return {
    ...RunSpec.create(),
    what: { $case: "definition", value: { name: definition, version } },
    input: input instanceof Uint8Array ? inline(input) : input,
    parameters: parameters === undefined ? undefined : inline(parameters),
    labels: { ...facts.labels, ...details?.labels },
    priority: Math.max(-100, Math.min(100, facts.priority)),
    dueTime: dueMs === 0 ? undefined : toTimestamp(dueMs),
  };
}

function inline(value: Uint8Array): Payload {
  return { body: { $case: "inline", value }, mediaType: "" };
}

/** How a run ended, as its parent is told; undefined while it goes on. */
function endingOf({ runId, status, outcome }: Run): RunEnding | undefined {
  const { result } = outcome ?? {};
  if (result === undefined) return undefined;
  const ending = { runId, status, output: noBytes, outputPayload: undefined, error: undefined };
  switch (result.$case) {
    case "completed":
      return { ...ending, outputPayload: result.value };
    case "continued":
      return ending;
    default:
      return { ...ending, error: result.value };
  }
}

const noBytes = new Uint8Array(0);
