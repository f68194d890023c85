import type { EnvelopeBatch } from "@tutti/kernel";
import type { Outcome, Question, Submission } from "../api.ts";
import type { Found } from "./instances.ts";

/** Messages that came for this partition. */
export interface EnvelopesArrived {
  readonly what: "messages";
  readonly batch: EnvelopeBatch;
  /** The number up to which all of the channel are durable, or why that is unknown. */
  settle(outcome: { readonly upTo: number } | Outcome): void;
  /** Receivers that were looked up and do not exist. */
  readonly absent: Set<string>;
}

/** A question to one of its instances. */
export interface QuestionArrived {
  readonly what: "question";
  readonly question: Question<unknown, unknown>;
  /** What was found in the archive, when it was asked. */
  readonly found?: Found | undefined;
  settle(outcome: Outcome): void;
}

/** Anything else that has to happen between commands. */
interface Errand {
  readonly what: "errand";
  run(): void;
  /** It will not run: the partition is gone from here. */
  refuse(outcome: Outcome): void;
}

export type Arrival = EnvelopesArrived | QuestionArrived | Errand;

/**
 * Work that waits for a partition's next turn. It survives the loss of the partition's memory: undecided work
 * is decided after the partition was loaded again.
 */
export class Inbox {
  #commands: Submission[] = [];
  #next = 0;
  readonly arrivals: Arrival[] = [];

  get length(): number {
    return this.#commands.length - this.#next + this.arrivals.length;
  }

  get isEmpty(): boolean {
    return this.length === 0;
  }

  add(submission: Submission): void {
    this.#commands.push(submission);
  }

  takeCommand(): Submission | undefined {
    const submission = this.#commands[this.#next];
    if (submission === undefined) {
      this.#commands.length = 0;
      this.#next = 0;
      return;
    }
    this.#next++;
    if (this.#next >= compactAt && this.#next * 2 > this.#commands.length) {
      this.#commands = this.#commands.slice(this.#next);
      this.#next = 0;
    }
    return submission;
  }

  /** Tells the commands that wait. Results of effects stay: they are not sent again. */
  refuseCommands(outcome: Outcome): void {
    const waiting = this.#commands.slice(this.#next);
    this.#commands = waiting.filter(({ token }) => token !== undefined);
    this.#next = 0;
    for (const { token, reply: answer } of waiting) if (token === undefined) answer(outcome);
  }

  /** Tells everything that waits. */
  refuse(outcome: Outcome): void {
    for (let submission = this.takeCommand(); submission !== undefined; submission = this.takeCommand()) {
      submission.reply(outcome);
    }
    for (const arrival of this.arrivals.splice(0)) refuse(arrival, outcome);
  }
}

/** Tells waiters for an arrival that nothing will come of it here. */
export function refuse(arrival: Arrival, outcome: Outcome): void {
  if (arrival.what === "errand") arrival.refuse(outcome);
  else arrival.settle(outcome);
}

/** Below this it is not worth moving the rest to the front. */
const compactAt = 4_096;
