/**
 * Batches on their way into the journal, and work that waits for them.
 *
 * 1. Batches are appended in the order of their numbers, many at a time. They become durable in that order.
 * 2. An answer is given when everything that its decision could have seen is durable. For a decision that is its own
 *    batch. For a refusal, a repetition or a read it is the last batch before.
 * 3. After a failure nothing more is appended here, and all waiters get the failure.
 */

import type { LettersSent } from "@tutti/contracts/runtime/v1";
import type { AppendOutcome, Failure, JournalPartition } from "@tutti/journal";
import { assert } from "@tutti/kernel";
import type { EffectToken } from "../api.ts";
import type { Answers } from "./answers.ts";
import type { Instance, PendingEffect } from "./instance.ts";
import type { OpenBatch } from "./open-batch.ts";

/** The consequences of a durable batch. */
export interface Commit {
  readonly number: number;
  readonly answers: Answers;
  readonly due: readonly PendingEffect[];
  readonly dropped: readonly EffectToken[];
  /** Instances that ended in it. */
  readonly ended: readonly Instance[];
  readonly sent: LettersSent | undefined;
  /** Notes of the event listener for the events in it. */
  readonly notes: readonly unknown[];
}

export interface CommitsParts {
  readonly journal: JournalPartition;
  readonly epoch: number;
  /** Behaviour of the batch to append. It may rise from one batch to the next. */
  readonly behaviour: number;
  /** The batch that is durable when this starts. */
  readonly durable: number;
  onDurable(commit: Commit): void;
  onFailure(failure: Failure): void;
  onFault(fault: unknown): void;
}

export class Commits {
  readonly #parts: CommitsParts;
  readonly #flying: Commit[] = [];
  #durable: number;
  #appended: number;
  #failure: Failure | undefined;
  #appendedBytes = 0;
  /** Waiters for durable batches, in no order. */
  #waiting: { number: number; settle: (isDurable: boolean) => void }[] = [];

  constructor(parts: CommitsParts) {
    this.#parts = parts;
    this.#durable = parts.durable;
    this.#appended = parts.durable;
  }

  /** The last batch that is durable. */
  get durable(): number {
    return this.#durable;
  }

  /** The last batch that was appended. */
  get appended(): number {
    return this.#appended;
  }

  /** Bytes appended so far. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  get isFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether everything that was appended is durable. */
  get isIdle(): boolean {
    return this.#flying.length === 0;
  }

  append(batch: OpenBatch, timeMs: number, commit: Commit): void {
    const { journal, epoch, behaviour } = this.#parts;
    const { number } = commit;
    assert(this.#failure === undefined, "nothing is appended after a failure", { number });
    assert(number === this.#appended + 1, "batches are appended in the order of their numbers", {
      number,
      appended: this.#appended,
    });
    this.#appended = number;
    this.#flying.push(commit);
    this.#appendedBytes += batch.bytes;
    journal
      .append({ epoch, number, timeMs, behaviour, records: batch.written(), count: batch.count })
      .then((outcome) => this.#settled(commit, outcome))
      .catch((fault: unknown) => this.#parts.onFault(fault));
  }

  /** Adds answers to the last batch that is under way. Returns false if there is none. */
  attach(answers: Answers): boolean {
    const last = this.#flying.at(-1);
    last?.answers.join(answers);
    return last !== undefined;
  }

  /** Resolves with true when the batch is durable, or with false if that cannot be known here. */
  reached(number: number): Promise<boolean> {
    if (number <= this.#durable) return Promise.resolve(true);
    if (this.#failure !== undefined) return Promise.resolve(false);
    return new Promise((settle) => this.#waiting.push({ number, settle }));
  }

  /** Effects that were settled or replaced in batches of unknown outcome. */
  get dropped(): readonly EffectToken[] {
    return this.#flying.flatMap(({ dropped }) => dropped);
  }

  /** Removes and returns everything that waits, because it will not be answered here. */
  abandon(): readonly Answers[] {
    const answers = this.#flying.map((commit) => commit.answers);
    this.#flying.length = 0;
    for (const { settle } of this.#waiting) settle(false);
    this.#waiting = [];
    return answers;
  }

  #settled(commit: Commit, outcome: AppendOutcome): void {
    if (this.#failure !== undefined) return;
    if (outcome.kind !== "durable") {
      this.#failure = outcome;
      this.#parts.onFailure(outcome);
      return;
    }
    assert(commit.number === this.#durable + 1, "batches become durable in the order of their numbers", {
      number: commit.number,
      durable: this.#durable,
    });
    this.#durable = commit.number;
    this.#flying.shift();
    this.#parts.onDurable(commit);
    if (this.#waiting.length > 0) this.#settleReached();
  }

  #settleReached(): void {
    const still: { number: number; settle: (isDurable: boolean) => void }[] = [];
    for (const waiting of this.#waiting) {
      if (waiting.number <= this.#durable) waiting.settle(true);
      else still.push(waiting);
    }
    this.#waiting = still;
  }
}
