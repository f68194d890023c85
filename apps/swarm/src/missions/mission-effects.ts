/** Carries out the effects of missions: offers tasks and starts children. */
import type { EffectJobs } from "@tutti/host/serving";
import { assert } from "@tutti/kernel";
import type { MissionEffect } from "@tutti/machine-mission";
import type { Dispatcher } from "@tutti/offers";
import type { DueEffect, Effects, EffectToken, MachineEventListener } from "@tutti/runtime";
import type { MissionStarts } from "./mission-starts.ts";

export interface MissionDoers {
  readonly dispatcher: Dispatcher;
  readonly effectJobs: EffectJobs;
  readonly starts: MissionStarts;
}

export class MissionEffects implements Effects {
  readonly eventListener: MachineEventListener;
  #doers: MissionDoers | undefined;

  /** @param eventListener receives the events of missions */
  constructor(eventListener: MachineEventListener) {
    this.eventListener = eventListener;
  }

  /** Sets the doers. They need the runtime, which needs these effects. It dispatches nothing before. */
  setDoers(doers: MissionDoers): void {
    this.#doers = doers;
  }

  dispatch(effects: readonly DueEffect[]): void {
    assert(this.#doers !== undefined, "effects are dispatched only after their handlers are set", {});
    const { dispatcher, starts } = this.#doers;
    for (const due of effects) {
      // Only missions have effects among the machines of this service, and these are all of them.
      const effect = due.effect as MissionEffect;
      if (effect.kind === "offer_task") dispatcher.offer(due, effect);
      else starts.startChild(due, effect);
    }
  }

  withdraw(tokens: readonly EffectToken[]): void {
    this.#cancelOrRelease(tokens, "withdraw");
  }

  /** Agents continue with their tasks. EffectJobs of this process end. */
  release(tokens: readonly EffectToken[]): void {
    this.#cancelOrRelease(tokens, "release");
  }

  #cancelOrRelease(tokens: readonly EffectToken[], action: "withdraw" | "release"): void {
    if (this.#doers === undefined) return;
    const { dispatcher, effectJobs } = this.#doers;
    for (const token of tokens) {
      dispatcher[action](token);
      effectJobs.withdraw(token);
    }
  }
}
