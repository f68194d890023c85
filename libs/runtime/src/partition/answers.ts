import type { Outcome, Submission } from "../api.ts";

/**
 * Answers that wait until what they rest on is durable. In the order in which they were decided. Two lists instead of a
 * list of pairs, because there is one for every command.
 */
export class Answers {
  readonly #submissions: Submission[] = [];
  readonly #outcomes: Outcome[] = [];
  /** Everything else that waits for the same: reads, deliveries. Called with undefined, or with why it did not work out. */
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

  /** Takes over what another list has. */
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

  /** Nothing of it counts: what was decided may be there or not. */
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
