/**
 * What a service does with effects: sends them on their way, again and again, until they have a result or are not wanted
 * any more. It is forgotten with its process; the runtime then says everything again.
 */
import type { EffectToken } from "@tutti/runtime";
import type { Life } from "../world/process.ts";
import { tokenText } from "./printer.ts";

const repeatMs = 1_500;

export class Errands {
  readonly #life: Life;
  readonly #send: (token: EffectToken) => void;
  readonly #wanted = new Map<string, EffectToken>();

  constructor(life: Life, send: (token: EffectToken) => void) {
    this.#life = life;
    this.#send = send;
  }

  begin(token: EffectToken): void {
    const name = tokenText(token);
    const isNew = !this.#wanted.has(name);
    this.#wanted.set(name, token);
    if (isNew) this.#repeat(name);
  }

  end(token: EffectToken): void {
    this.#wanted.delete(tokenText(token));
  }

  #repeat(name: string): void {
    const token = this.#wanted.get(name);
    if (token === undefined) return;
    this.#send(token);
    this.#life.schedule(repeatMs, () => this.#repeat(name));
  }
}
