/**
 * A listener to a hook over a stream.
 *
 * 1. Occasions are numbered per stream, and an answer counts once.
 * 2. Requests to a listener that disconnects fail at once. A listener that falls behind gets no more requests
 *    until it catches up, and requests that would wait for it fail.
 */
import type { HookAnswer, HookOccasion } from "@tutti/contracts/swarm/v1";
import type { HookQuestion, HookReply } from "@tutti/matching";
import { occasionOf } from "./occasions.ts";

/** Maximum number of occasions in flight to one listener. */
const waitingMax = 10_000;

export class Listener {
  readonly #wake: () => void;
  #waiting: HookOccasion[] = [];
  /** Open questions by their number on this stream. */
  readonly #open = new Map<number, number>();
  #last = 0;

  /** @param wake called when there is something to send */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Queues questions. Returns those that failed at once. */
  enqueue(questions: readonly HookQuestion[]): HookReply[] {
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
  drain(): HookOccasion[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** Returns replies for answers. Answers to unknown or answered questions are ignored. */
  repliesTo(answers: readonly HookAnswer[]): HookReply[] {
    const replies: HookReply[] = [];
    for (const { number, verdict } of answers) {
      const question = this.#open.get(number);
      if (question === undefined) continue;
      this.#open.delete(number);
      replies.push({ number: question, verdict, problem: "" });
    }
    return replies;
  }

  /** Ends the listener. Its open questions fail. */
  close(): HookReply[] {
    this.#wake();
    const open = [...this.#open.values()];
    this.#open.clear();
    return open.map((number) => failure(number, "its listener went away"));
  }
}

export function failure(number: number, problem: string): HookReply {
  return { number, verdict: undefined, problem };
}
