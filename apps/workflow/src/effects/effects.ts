/** Passes the effects of the machines of this service to their executors. */

import { emitCapability } from "@tutti/definitions";
import type { EffectJobs } from "@tutti/host/serving";
import { assert } from "@tutti/kernel";
import type { RunEffect } from "@tutti/machine-run";
import type { ScheduleEffect } from "@tutti/machine-schedule";
import type { TriggerEffect } from "@tutti/machine-trigger";
import type { Dispatcher } from "@tutti/offers";
import type { DueEffect, Effects, EffectToken, MachineEventListener } from "@tutti/runtime";
import type { EventWaits } from "../triggers/event-waits.ts";
import type { Emits } from "./emits.ts";
import type { Leases } from "./leases.ts";
import type { Starts } from "./starts.ts";
import type { TriggeredStarts } from "./triggered-starts.ts";

export interface Doers {
  readonly dispatcher: Dispatcher;
  readonly jobs: EffectJobs;
  readonly emits: Emits;
  readonly starts: Starts;
  readonly leases: Leases;
  readonly triggered: TriggeredStarts;
  readonly waits: EventWaits;
}

export class WorkflowEffects implements Effects {
  readonly eventListener: MachineEventListener;
  #doers: Doers | undefined;

  /** @param eventListener receives the events of runs */
  constructor(eventListener: MachineEventListener) {
    this.eventListener = eventListener;
  }

  /** Sets the doers. They need the runtime, which needs these effects: nothing is dispatched before. */
  setDoers(doers: Doers): void {
    this.#doers = doers;
  }

  dispatch(effects: readonly DueEffect[]): void {
    assert(this.#doers !== undefined, "effects are dispatched only after their handlers are set", {});
    const { dispatcher, emits, starts, leases, triggered, waits } = this.#doers;
    for (const due of effects) {
      // Only machines of this service have effects here, and these are all of them.
      const effect = due.effect as RunEffect | ScheduleEffect | TriggerEffect;
      switch (effect.kind) {
        case "offer_task":
          if (effect.profile.capability === emitCapability) emits.emit(due, effect);
          else dispatcher.offer(due, effect);
          break;
        case "start_run":
          starts.start(due, effect);
          break;
        case "start_child":
          starts.startChild(due, effect);
          break;
        case "renew_lease":
          leases.track(due, effect);
          break;
        case "await_event":
          waits.await(due, effect);
          break;
        case "stop_run":
          starts.stop(due, effect);
          break;
        case "start_triggered":
          triggered.start(due, effect);
          break;
      }
    }
  }

  withdraw(tokens: readonly EffectToken[]): void {
    if (this.#doers === undefined) return;
    for (const token of tokens) this.#doers.dispatcher.withdraw(token);
    this.#cancelLocal(this.#doers, tokens);
  }

  /** Agents continue with their tasks. Work of this process itself ends here. */
  release(tokens: readonly EffectToken[]): void {
    if (this.#doers === undefined) return;
    for (const token of tokens) this.#doers.dispatcher.release(token);
    this.#cancelLocal(this.#doers, tokens);
  }

  #cancelLocal({ jobs, leases, waits }: Doers, tokens: readonly EffectToken[]): void {
    for (const token of tokens) {
      jobs.withdraw(token);
      leases.remove(token);
      waits.withdraw(token);
    }
  }
}
