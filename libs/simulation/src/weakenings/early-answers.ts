import { isRefusal } from "@tutti/kernel";
import type { Outcome } from "@tutti/runtime";
import type { MachineEdge } from "../witness/witness.ts";

/** Gives refusals and reads to those who wait for them the moment they are made, long before the runtime would. */
export class EarlyAnswers implements MachineEdge {
  /** By the body of the command or question: it is handed on as it is. */
  readonly #waiting = new Map<unknown, (outcome: Outcome) => void>();

  expect(body: unknown, answer: (outcome: Outcome) => void): void {
    this.#waiting.set(body, answer);
  }

  decided(_command: unknown, body: unknown, answer: unknown): void {
    if (isRefusal(answer)) this.#waiting.get(body)?.({ kind: "refused", refusal: answer });
  }

  queried(body: unknown, answer: unknown): void {
    const outcome: Outcome = isRefusal(answer)
      ? { kind: "refused", refusal: answer }
      : { kind: "done", reply: answer };
    this.#waiting.get(body)?.(outcome);
  }
}
