/** Each process accepts batches, and forwards the runs of other owners to them. */
import type { Outcome } from "@tutti/runtime";
import { runtimeErrors } from "@tutti/runtime/errors";

/** Returns whether the command was not executed here, and another process has the run or is about to. */
export function isForOthers(outcome: Outcome): boolean {
  if (outcome.kind !== "refused") return false;
  const { retry, code } = outcome.refusal;
  return retry === "elsewhere" || code === runtimeErrors.leaving.code;
}

/** Maximum of concurrent calls. */
const openMax = 100;

export class CallForwarder {
  #open = 0;
  readonly #waiting: (() => void)[] = [];

  async call<Reply>(work: () => Promise<Reply>): Promise<Reply> {
    while (this.#open >= openMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#open++;
    try {
      return await work();
    } finally {
      this.#open--;
      this.#waiting.shift()?.();
    }
  }
}
