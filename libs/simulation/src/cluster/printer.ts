/**
 * The outside world of effects: the printer of statements, running agents. It executes each request, as often
 * as it arrives, and repeats a result until it is accepted.
 */

import type { Chance } from "@tutti/kernel";
import type { DueEffect, EffectToken, Outcome } from "@tutti/runtime";
import type { Load, Result } from "../load/load.ts";
import type { World } from "../world/world.ts";

const printMs = 300;
const patienceMs = 2_000;

/** Sends a result to the owner of a partition. */
export type SendResult = (token: EffectToken, result: Result, answered: (outcome: Outcome) => void) => void;

export class Printer {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #send: SendResult;
  readonly #load: Load;
  readonly #lateChance: Chance;
  #isFaultFree = false;

  constructor(world: World, load: Load, send: SendResult) {
    this.#world = world;
    this.#chance = world.chanceFor("printer");
    this.#lateChance = world.chanceFor("late results");
    this.#load = load;
    this.#send = send;
  }

  settleDown(): void {
    this.#isFaultFree = true;
  }

  print({ key, token, effect }: DueEffect): void {
    this.#world.after(this.#chance.random() * printMs, () => {
      const result = this.#load.resultOf(key, effect, token, this.#chance.random(), this.#isFaultFree);
      if (result !== undefined) this.#report(token, result, 1);
    });
  }

  #report(token: EffectToken, result: Result, attempt: number): void {
    let isAccepted = false;
    this.#world.trace(
      "printer",
      () => `reports ${result.command} of ${tokenText(token)}, attempt ${attempt}`,
    );
    this.#send(token, result, (outcome) => {
      const isNow = outcome.kind !== "refused" || outcome.refusal.retry === "never";
      if (isNow && !isAccepted && result.isInterim !== true) this.#reportLate(token);
      isAccepted ||= isNow;
    });
    this.#world.after(patienceMs * (1 + this.#chance.random()), () => {
      if (!isAccepted) this.#report(token, result, attempt + 1);
    });
  }

  /** Sends another result for an effect that already has one. */
  #reportLate(token: EffectToken): void {
    const result = this.#load.lateResult(this.#lateChance.random());
    if (result === undefined) return;
    this.#world.trace("printer", () => `reports ${result.command} of ${tokenText(token)} again`);
    this.#send(token, result, (outcome) => this.#load.late(outcome));
  }
}

export function tokenText({ partition, incarnation, number, attempt }: EffectToken): string {
  return `effect ${partition}/${incarnation}/${number}#${attempt}`;
}
