/** Starts and stops runs for those that ask for it: schedules, and runs with children. */
import { RunSpec, type runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import { confirmStart, confirmStop, refuseStart, type StartRun, type StopRun } from "@tutti/machine-schedule";
import type { Client } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import type { Errands, Told } from "./errands.ts";

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
