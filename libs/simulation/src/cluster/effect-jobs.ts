/**
 * Executes effects as a service does: dispatches them again and again, until they have a result or are
 * withdrawn. A process that dies forgets them, and its runtime dispatches all of them again.
 */
import type { DueEffect, EffectToken } from "@tutti/runtime";
import type { Life } from "../world/process.ts";
import { tokenText } from "./printer.ts";

const repeatMs = 1_500;

export class EffectJobs {
  readonly #life: Life;
  readonly #send: (due: DueEffect) => void;
  readonly #pending = new Map<string, DueEffect>();

  constructor(life: Life, send: (due: DueEffect) => void) {
    this.#life = life;
    this.#send = send;
  }

  start(due: DueEffect): void {
    const name = tokenText(due.token);
    const isNew = !this.#pending.has(name);
    this.#pending.set(name, due);
    if (isNew) this.#repeat(name);
  }

  remove(token: EffectToken): void {
    this.#pending.delete(tokenText(token));
  }

  #repeat(name: string): void {
    const due = this.#pending.get(name);
    if (due === undefined) return;
    this.#send(due);
    this.#life.schedule(repeatMs, () => this.#repeat(name));
  }
}
