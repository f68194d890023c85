/**
 * One who listens to a hook over a stream.
 *
 * 1. Occasions are numbered per stream, and an answer counts once.
 * 2. Requests to a listener that disconnects fail at once. A listener that falls behind gets no more requests until it
 *    catches up, and requests that would wait for it fail.
 */
import type { HookAnswer, HookOccasion } from "@tutti/contracts/swarm/v1";
import type { HookQuestion, HookReply } from "@tutti/matching";
import { occasionOf } from "./occasions.ts";

/** So many may be under way to one listener. */
const waitingMax = 10_000;

export class Listener {
  readonly #wake: () => void;
  #waiting: HookOccasion[] = [];
  /** Questions that are open, by their number on this stream. */
  readonly #open = new Map<number, number>();
  #last = 0;

  /** @param wake there is something to send. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Returns what has failed already. */
  ask(questions: readonly HookQuestion[]): HookReply[] {
    const failed: HookReply[] = [];
    for (const question of questions) {
      if (this.#waiting.length >= waitingMax) {
        if (question.number > 0) failed.push(failure(question.number, "its listener does not keep up"));
        continue;
      }
      const number = ++this.#last;
      if (question.number > 0) this.#open.set(number, question.number);
      this.#waiting.push(occasionOf(question, number));
    }
    this.#wake();
    return failed;
  }

  /** The requests to send. */
  take(): HookOccasion[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** What it answered. What it was not asked, or has answered already, is passed over. */
  answer(answers: readonly HookAnswer[]): HookReply[] {
    const replies: HookReply[] = [];
    for (const { number, verdict } of answers) {
      const question = this.#open.get(number);
      if (question === undefined) continue;
      this.#open.delete(number);
      replies.push({ number: question, verdict, problem: "" });
    }
    return replies;
  }

  /** It is gone. */
  end(): HookReply[] {
    this.#wake();
    const open = [...this.#open.values()];
    this.#open.clear();
    return open.map((number) => failure(number, "its listener went away"));
  }
}

export function failure(number: number, problem: string): HookReply {
  return { number, verdict: undefined, problem };
}
