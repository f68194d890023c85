import type { Outcome, Submission } from "../api.ts";

/**
 * Answers that wait until everything they rest on is durable, in the order in which they were decided. Two lists
 * instead of a list of pairs, because there is one entry for every command.
 */
export class Answers {
  readonly #submissions: Submission[] = [];
  readonly #outcomes: Outcome[] = [];
  /** Other waiters for the same batch: reads, deliveries. Called with undefined, or with the failure. */
  readonly #others: ((failure: Outcome | undefined) => void)[] = [];

  get isEmpty(): boolean {
    return this.#submissions.length === 0 && this.#others.length === 0;
  }

  add(submission: Submission, outcome: Outcome): void {
    this.#submissions.push(submission);
    this.#outcomes.push(outcome);
  }

  addOther(settle: (failure: Outcome | undefined) => void): void {
    this.#others.push(settle);
  }

  /** Moves the entries of another list to the end of this one. */
  join(other: Answers): void {
    for (let index = 0; index < other.#submissions.length; index++) {
      this.add(other.#submissions[index] as Submission, other.#outcomes[index] as Outcome);
    }
    this.#others.push(...other.#others);
    other.#clear();
  }

  send(onFault: (fault: unknown) => void): void {
    this.#each((submission, outcome) => submission.reply(outcome), undefined, onFault);
  }

  /** Refuses all: it is unknown whether their decisions became durable. */
  refuse(outcome: Outcome, onFault: (fault: unknown) => void): void {
    this.#each((submission) => submission.reply(outcome), outcome, onFault);
  }

  #each(
    answer: (submission: Submission, outcome: Outcome) => void,
    failure: Outcome | undefined,
    onFault: (fault: unknown) => void,
  ): void {
    const submissions = this.#submissions;
    const outcomes = this.#outcomes;
    for (let index = 0; index < submissions.length; index++) {
      try {
        answer(submissions[index] as Submission, outcomes[index] as Outcome);
      } catch (fault) {
        onFault(fault);
      }
    }
    for (const settle of this.#others) {
      try {
        settle(failure);
      } catch (fault) {
        onFault(fault);
      }
    }
    this.#clear();
  }

  #clear(): void {
    this.#submissions.length = 0;
    this.#outcomes.length = 0;
    this.#others.length = 0;
  }
}
