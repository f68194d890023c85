import type { EnvelopeBatch } from "@tutti/kernel";
import type { Outcome, Question, Submission } from "../api.ts";
import type { Found } from "./instances.ts";

/** Messages that arrived for this partition. */
export interface EnvelopesArrived {
  readonly kind: "messages";
  readonly batch: EnvelopeBatch;
  /**
   * Called with the number up to which all messages of the channel are durable, or with the reason why that is unknown.
   */
  settle(outcome: { readonly upTo: number } | Outcome): void;
  /** Receivers that were looked up and do not exist. */
  readonly absent: Set<string>;
}

/** A question to one of its instances. */
export interface QuestionArrived {
  readonly kind: "question";
  readonly question: Question<unknown, unknown>;
  /** Result of the lookup in the archive, if there was one. */
  readonly found?: Found | undefined;
  settle(outcome: Outcome): void;
}

/** Any other work that must run between commands. */
interface InboxJob {
  readonly kind: "errand";
  run(): void;
  /** The job will not run: the partition no longer belongs to this process. */
  refuse(outcome: Outcome): void;
}

export type Arrival = EnvelopesArrived | QuestionArrived | InboxJob;

/**
 * Work that waits for a partition's next turn. It survives the loss of the partition's memory: undecided work is
 * decided after the partition is loaded again.
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

  dequeueCommand(): Submission | undefined {
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

  /** Refuses the commands that wait. Results of effects stay, because they are not sent again. */
  refuseCommands(outcome: Outcome): void {
    const waiting = this.#commands.slice(this.#next);
    this.#commands = waiting.filter(({ token }) => token !== undefined);
    this.#next = 0;
    for (const { token, reply: answer } of waiting) if (token === undefined) answer(outcome);
  }

  /** Refuses everything that waits. */
  refuse(outcome: Outcome): void {
    for (
      let submission = this.dequeueCommand();
      submission !== undefined;
      submission = this.dequeueCommand()
    ) {
      submission.reply(outcome);
    }
    for (const arrival of this.arrivals.splice(0)) refuse(arrival, outcome);
  }
}

/** Refuses an arrival. */
export function refuse(arrival: Arrival, outcome: Outcome): void {
  if (arrival.kind === "errand") arrival.refuse(outcome);
  else arrival.settle(outcome);
}

/** With fewer removed entries it is not worth moving the rest to the front. */
const compactAt = 4_096;
