/** Sends the effects of sessions to their services. */
import { Mode } from "@tutti/contracts/session/v1";
import type { TaskOutcome } from "@tutti/contracts/types/v1";
import type { EffectJobs, JobCommand } from "@tutti/host/serving";
import { assert, type Clock, errorFromUnknown, type InstanceKey, toErrorDetail } from "@tutti/kernel";
import {
  confirmOperation,
  confirmPart,
  isDecided,
  mayPassOn,
  type OperatePart,
  type PartWork,
  passPartOn,
  refuseOperation,
  refusePart,
  type SessionEffect,
  type StartPart,
  taskOutcomes,
} from "@tutti/machine-session";
import { isNothingDone, traceOf } from "@tutti/mesh";
import type { DueEffect, EffectToken } from "@tutti/runtime";
import type { Deciding } from "./decide/deciding.ts";
import type { Goals } from "./decide/goals.ts";
import type { Choosing } from "./mode/choosing.ts";
import type { Planning } from "./plan/planning.ts";
import type { Following } from "./session/following.ts";
import type { Locking } from "./session/locking.ts";
import type { Loops } from "./session/loops.ts";
import type { SessionCommands } from "./session/session-commands.ts";
import type { WaitingForOthers } from "./session/waiting-for-others.ts";
import type { Substrate } from "./substrate/substrate.ts";

/** Time without a reachable service after which a part runs in another mode, if that is allowed. */
const passOnAfterMs = 5_000;

export interface SessionExecutors {
  readonly jobs: EffectJobs;
  readonly loops: Loops;
  readonly commands: SessionCommands;
  readonly following: Following;
  readonly planning: Planning;
  readonly deciding: Deciding;
  readonly goals: Goals;
  readonly choosing: Choosing;
  readonly locking: Locking;
  readonly others: WaitingForOthers;
  readonly substrateOf: (part: PartWork) => Substrate;
  readonly clock: Pick<Clock, "monotonic">;
}

export class SessionEffects {
  #executors: SessionExecutors | undefined;

  /** Sets the executors. They need the runtime, which needs this object: nothing is requested before. */
  attach(executors: SessionExecutors): void {
    this.#executors = executors;
  }

  dispatch(effects: readonly DueEffect[]): void {
    assert(this.#executors !== undefined, "no effect is dispatched before the executors are attached", {});
    const { following, planning, deciding, goals, choosing, locking, others } = this.#executors;
    for (const due of effects) {
      if (due.key.kind !== "session") continue;
      const effect = due.effect as SessionEffect;
      switch (effect.kind) {
        case "await_session":
          others.start(due, effect);
          break;
        case "hold_locks":
          locking.start(due, effect);
          break;
        case "ask_planner":
          goals.start(due, effect);
          break;
        case "choose_mode":
          choosing.start(due, effect);
          break;
        case "start_part":
          this.#start(this.#executors, due, effect);
          break;
        case "follow_part":
          following.start(due, effect);
          break;
        case "operate_part":
          this.#operate(this.#executors, due, effect);
          break;
        case "plan_part":
          (isDecided(effect) ? deciding : planning).start(due, effect);
          break;
      }
    }
  }

  withdraw(tokens: readonly EffectToken[]): void {
    if (this.#executors === undefined) return;
    const { jobs, loops } = this.#executors;
    for (const token of tokens) {
      jobs.withdraw(token);
      loops.withdraw(token);
    }
  }

  #start(executors: SessionExecutors, due: DueEffect, effect: StartPart): void {
    const { jobs, substrateOf, clock } = executors;
    const sinceMs = clock.monotonic();
    // An attempt with an unknown outcome may have started it, and so may an earlier owner of the session.
    let mayHaveStarted = due.isRecovered;
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      const options = { signal, trace: traceOf(due.cause?.traceparent) };
      try {
        await substrateOf(effect).start(placeOf(due.key), effect, options, () => {
          mayHaveStarted = true;
        });
      } catch (thrown) {
        mayHaveStarted ||= !isNothingDone(errorFromUnknown(thrown));
        const outageMs = clock.monotonic() - sinceMs;
        if (outageMs >= passOnAfterMs && !mayHaveStarted) await this.#passOn(executors, due, effect, thrown);
        throw thrown;
      }
      return { command: confirmPart, body: {} };
    };
    jobs.startJob(due, attempt, (error) => ({ command: refusePart, body: { error: toErrorDetail(error) } }));
  }

  /**
   * Passes the tasks of a run whose engine is unavailable to the swarm, if the session left the choice. The
   * other direction is useless: missions are where the pools of all agents are. Only a part that certainly has
   * not started is passed on: a run whose reply was lost has the tasks, and may have executed some.
   */
  async #passOn(
    { commands }: SessionExecutors,
    { key }: DueEffect,
    { part, mode }: StartPart,
    thrown: unknown,
  ): Promise<void> {
    const error = errorFromUnknown(thrown);
    if (error.status !== "UNAVAILABLE" || mode !== Mode.MODE_WORKFLOW) return;
    const view = await commands.view(key);
    const own = view.parts[part];
    if (own === undefined || !mayPassOn(view, own)) return;
    const reason = `the engine of runs is away: ${error.message}`;
    await commands.submit(key, { command: passPartOn, body: { part, mode: Mode.MODE_SWARM, reason } });
  }

  #operate({ jobs, substrateOf, commands }: SessionExecutors, due: DueEffect, effect: OperatePart): void {
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      const options = { signal, trace: traceOf(due.cause?.traceparent) };
      const isBringingIn = effect.operation.operation?.$case === "bringIn";
      const outcomes: readonly TaskOutcome[] = isBringingIn
        ? await commands.query(due.key, taskOutcomes, { taskIds: effect.taskIds })
        : [];
      const done = await substrateOf(effect).operate(placeOf(due.key), effect, outcomes, options);
      const { withdrawnTaskIds, begunTaskIds } = done;
      return { command: confirmOperation, body: { withdrawnTaskIds, begunTaskIds } };
    };
    jobs.startJob(due, attempt, (error) => ({
      command: refuseOperation,
      body: { error: toErrorDetail(error) },
    }));
  }
}

function placeOf({ namespace, id: sessionId }: InstanceKey) {
  return { namespace, sessionId };
}
