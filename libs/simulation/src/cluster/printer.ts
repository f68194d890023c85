/**
 * Prints statements: the outside world that effects happen in. It prints whatever it is told to, as often as it is told,
 * and repeats a result until somebody has taken it.
 */

import type { Chance } from "@tutti/kernel";
import { completeStatement, failStatement } from "@tutti/machine-bank";
import type { EffectToken, Outcome } from "@tutti/runtime";
import type { World } from "../world/world.ts";

const printMs = 300;
const patienceMs = 2_000;

/** How a result gets to the owner of a partition. */
export type SendResult = (
  token: EffectToken,
  command: string,
  body: object,
  answered: (outcome: Outcome) => void,
) => void;

export class Printer {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #send: SendResult;
  #failsShare: number;

  constructor(world: World, failsShare: number, send: SendResult) {
    this.#world = world;
    this.#chance = world.chanceFor("printer");
    this.#failsShare = failsShare;
    this.#send = send;
  }

  settleDown(): void {
    this.#failsShare = 0;
  }

  print(token: EffectToken): void {
    this.#world.after(this.#chance.random() * printMs, () => {
      const fails = this.#chance.random() < this.#failsShare;
      if (fails) this.#report(token, failStatement.type, { problem: "no paper" }, 1);
      else this.#report(token, completeStatement.type, { pages: 2 }, 1);
    });
  }

  #report(token: EffectToken, command: string, body: object, attempt: number): void {
    let isTaken = false;
    this.#world.note("printer", () => `reports ${command} of ${tokenText(token)}, attempt ${attempt}`);
    this.#send(token, command, body, (outcome) => {
      isTaken ||= outcome.kind !== "refused" || outcome.refusal.retry === "never";
    });
    this.#world.after(patienceMs * (1 + this.#chance.random()), () => {
      if (!isTaken) this.#report(token, command, body, attempt + 1);
    });
  }
}

export function tokenText({ partition, incarnation, number, attempt }: EffectToken): string {
  return `effect ${partition}/${incarnation}/${number}#${attempt}`;
}
