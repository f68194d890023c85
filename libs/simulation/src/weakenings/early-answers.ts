import { isRefusal } from "@tutti/kernel";
import type { Outcome } from "@tutti/runtime";
import type { MachineEdge } from "../counted/counting.ts";

/** Sends refusals and reads to their receivers immediately, long before the runtime would. */
export class EarlyAnswers implements MachineEdge {
  /** By the body of the command or question, which is passed on unchanged. */
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
