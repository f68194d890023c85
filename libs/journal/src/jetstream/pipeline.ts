/**
 * The batches of one owner on their way to the stream.
 *
 * 1. Each message expects the stream to end with the one sent before it. Answers count only in the order of the
 *    messages: a message that was accepted after a refused one is stray, and does not count.
 * 2. Up to `inFlightMax` messages are under way. Only one until the stream has settled after the seal. A message that
 *    finds a stray one in its place is then sent again.
 * 3. After a refusal all answers are awaited before anything is sent again, so no late message can interfere. If the
 *    stream ends exactly where the oldest message expected, no other writer has written, and the message is sent again.
 *    After a few such refusals it is in doubt.
 * 4. Without an answer in time, or without a connection, messages under way are in doubt, and nothing is sent until the
 *    next seal. A refused message, its successors, and a message that was not sent as a whole are not in doubt: the
 *    stream does not contain them.
 */
import { assert, durationText, type Logger, reasonOf, type Timer } from "@tutti/kernel";
import type { NatsConnection } from "@tutti/nats";
import { journalErrors } from "../errors.ts";
import type { Ledger } from "../ledger.ts";
import type { AppendOutcome, Failure } from "../port.ts";
import type { Answer, Answers } from "./answers.ts";
import { jetstreamErrors } from "./errors.ts";
import type { Followed } from "./follower.ts";
import { inFlightMax } from "./protocol.ts";
import type { StreamLog } from "./stream-log.ts";

/** A batch to be sent. */
export interface Outgoing {
  readonly number: number;
  readonly timeMs: number;
  readonly hash: Uint8Array;
  readonly messages: readonly Uint8Array[];
  readonly settle: (outcome: AppendOutcome) => void;
}

export interface PipelineOptions {
  readonly connection: NatsConnection;
  readonly answers: Answers;
  readonly subject: string;
  readonly log: StreamLog;
  readonly ledger: Ledger;
  /** After this time without an answer a message is in doubt. */
  readonly answerMs: number;
  /** Messages under way are not in the stream. */
  readonly onRollBack: () => void;
  /** A newer epoch was found. */
  readonly onReplaced: (followed: Followed) => Failure;
}

interface Sent {
  readonly batch: Outgoing;
  readonly index: number;
  readonly expected: number;
  readonly sentMs: number;
  token: number;
  answer: Answer | undefined;
}

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #logger: Logger;
  /**
   * Owner of the batches: the state of the stream at its seal. Undefined before the seal, and after the owner was
   * replaced.
   */
  #owner: Followed | undefined;
  #stopped: string | undefined;
  /** Batches without an answer, the oldest first. */
  #waiting: Outgoing[] = [];
  /** The next message to send: its batch in `#waiting`, and its index. */
  #next = { batch: 0, message: 0 };
  #sent: Sent[] = [];
  /** Sequence of the first message of the oldest batch. */
  #from = 0;
  /** End of the stream when all messages under way are in it. */
  #sequence = 0;
  #isFailing = false;
  /** How often the oldest message was refused without another message in its place. */
  #refusals = 0;
  #deadline: Timer | undefined;
  #onIdle: (() => void)[] = [];

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#logger = options.connection.foundation.logger.child({ component: "journal" });
  }

  /** Owner whose batches are accepted. */
  get owner(): Followed | undefined {
    return this.#owner;
  }

  /** Reason why nothing is accepted until the next seal. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Hash of the last batch that was added. */
  get lastHash(): Uint8Array {
    return this.#waiting.at(-1)?.hash ?? this.#options.ledger.hash;
  }

  /** An epoch was sealed. The stream ends with the given state. */
  openEpoch(owner: Followed): void {
    this.#owner = owner;
    this.#stopped = undefined;
    this.#sequence = owner.sequence;
  }

  /** Another owner was found. */
  closeEpoch(): void {
    this.#owner = undefined;
  }

  add(batch: Outgoing): void {
    const { number } = batch;
    assert(this.#stopped === undefined, "no batch is sent between an unknown outcome and the next seal", {
      number,
    });
    this.#waiting.push(batch);
    this.#send();
  }

  /** Resolves when all answers have come. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Declares messages under way in doubt. No effect if there are none. */
  markUnknown(reason: string): void {
    if (this.#waiting.length === 0) return;
    const { answers } = this.#options;
    for (const { token } of this.#sent) answers.cancel(token);
    const [oldest] = this.#waiting;
    this.#stopped = `batch ${oldest?.number ?? 0}: ${reason}`;
    const unknown = journalErrors.outcomeUnknown.refusal({ reason });
    const stopped = this.unsealed(this.#stopped);
    let isRefused = false;
    this.#failAll((batch) => {
      const messages = this.#sent.filter((sent) => sent.batch === batch);
      isRefused ||= messages.some(({ answer }) => answer?.kind === "moved" || answer?.kind === "full");
      const isComplete = messages.at(-1)?.index === batch.messages.length - 1;
      return isRefused || !isComplete ? stopped : { kind: "unknown", refusal: unknown };
    });
  }

  unsealed(reason: string): Failure {
    const { service, partition } = this.#options.log.name;
    const refusal = jetstreamErrors.unsealed.refusal({ service, partition, reason });
    return { kind: "stopped", refusal };
  }

  full(reason: string): Failure {
    const { service, partition } = this.#options.log.name;
    const place = { service, partition, reason };
    const refusal = jetstreamErrors.serverFull.refusal(place, { retryAfterMs: fullRetryMs });
    return { kind: "full", refusal };
  }

  #send(): void {
    const { answers, subject, connection } = this.#options;
    const restFrom = (this.#owner?.sealedAt ?? 0) + inFlightMax;
    for (;;) {
      const batch = this.#waiting[this.#next.batch];
      const limit = this.#sequence < restFrom ? 1 : inFlightMax;
      if (batch === undefined || this.#isFailing || this.#sent.length >= limit) return;
      const index = this.#next.message;
      const message = batch.messages[index] ?? new Uint8Array(0);
      const sentMs = connection.foundation.clock.monotonic();
      const sent: Sent = { batch, index, expected: this.#sequence, sentMs, token: 0, answer: undefined };
      try {
        sent.token = answers.send(subject, message, { last: sent.expected }, (answer) =>
          this.#answered(sent, answer),
        );
      } catch (error) {
        this.markUnknown(reasonOf(error));
        return;
      }
      this.#sent.push(sent);
      this.#sequence++;
      const isLast = index + 1 === batch.messages.length;
      this.#next = isLast
        ? { batch: this.#next.batch + 1, message: 0 }
        : { batch: this.#next.batch, message: index + 1 };
      this.#deadline ??= connection.foundation.timers.after(this.#options.answerMs, () => this.#watch());
    }
  }

  #watch(): void {
    this.#deadline = undefined;
    const { connection, answerMs } = this.#options;
    const oldest = this.#sent.find(({ answer }) => answer === undefined);
    if (oldest === undefined) return;
    const remainingMs = oldest.sentMs + answerMs - connection.foundation.clock.monotonic();
    if (remainingMs <= 0) this.markUnknown(`no answer from NATS within ${durationText(answerMs)}`);
    else this.#deadline = connection.foundation.timers.after(remainingMs, () => this.#watch());
  }

  #answered(sent: Sent, answer: Answer): void {
    assert(sent.answer === undefined, "a message is answered once", { number: sent.batch.number });
    sent.answer = answer;
    for (;;) {
      const [oldest] = this.#sent;
      if (oldest?.answer?.kind !== "accepted" || oldest.answer.sequence !== oldest.expected + 1) break;
      this.#sent.shift();
      if (oldest.index === 0) this.#from = oldest.answer.sequence;
      if (oldest.index + 1 === oldest.batch.messages.length)
        this.#durable(oldest.batch, oldest.answer.sequence);
    }
    const [oldest] = this.#sent;
    if (oldest?.answer !== undefined) this.#refused(oldest, oldest.answer);
    // The place of the oldest message was skipped, so its answer will not come. The next seal shows whether it arrived
    // later.
    else if (this.#sent.some((later) => later.answer?.kind === "moved"))
      this.markUnknown("later batches refused");
    else this.#send();
  }

  #durable(batch: Outgoing, sequence: number): void {
    const { ledger, log } = this.#options;
    const owner = this.#owner;
    if (owner === undefined) return;
    const { number, timeMs, hash } = batch;
    const oldest = this.#waiting.shift();
    assert(oldest === batch, "batches become durable in the order in which they were added", {
      number,
      oldest: oldest?.number,
    });
    this.#refusals = 0;
    this.#next = { batch: this.#next.batch - 1, message: this.#next.message };
    ledger.durable(number, owner.epoch, timeMs);
    ledger.hash.set(hash);
    log.advance({ ...owner, sequence, last: { number, timeMs, hash, end: sequence }, gathering: undefined });
    log.places.add(number, this.#from, false);
    batch.settle({ kind: "durable" });
    if (this.#waiting.length === 0) this.#notifyIdle();
  }

  /** The oldest message was refused. The reason is determined when all answers have come. */
  #refused(oldest: Sent, answer: Answer): void {
    this.#isFailing = true;
    if (answer.kind === "accepted" || answer.kind === "unclear") {
      this.markUnknown(
        answer.kind === "unclear" ? answer.reason : `message ${answer.sequence}, which is another one`,
      );
      return;
    }
    if (this.#sent.some((sent) => sent.answer === undefined)) return;
    if (answer.kind === "moved") {
      void this.#moved(oldest, answer.found);
      return;
    }
    this.#sequence = oldest.expected;
    const failure = this.full(answer.reason);
    this.#failAll(() => failure);
  }

  /** Another message is in its place: the seal of a new owner, or a stray message of an older one. */
  async #moved(oldest: Sent, found: number | undefined): Promise<void> {
    const { log, ledger, onReplaced } = this.#options;
    const owner = this.#owner;
    const sent = this.#sent;
    try {
      const end = found ?? (await log.source.ends()).last;
      const followed = await log.followTo(end);
      // Given up meanwhile, because the connection was lost.
      if (this.#sent !== sent || owner === undefined) return;
      if (followed.epoch > owner.epoch) {
        const failure = onReplaced(followed);
        return this.#failAll(() => failure);
      }
      if (followed.sequence > end || followed.last?.number !== ledger.durableNumber) {
        return this.markUnknown(`the stream ends at message ${end} and not as it was acknowledged`);
      }
      this.#sequence = followed.sequence;
      if (oldest.expected < owner.sealedAt + inFlightMax) return this.#resend(oldest);
      if (sent.some(({ answer }) => answer?.kind === "accepted"))
        return this.markUnknown("later batches accepted");
      if (followed.sequence === oldest.expected) return this.#refusedForNothing(oldest);
      const failure = this.#misplaced(oldest.batch.number);
      this.#failAll(() => failure);
    } catch (error) {
      if (this.#sent !== sent) return;
      this.#logger.warn("failed to read the outcome of a batch", { stream: log.stream, error });
      this.markUnknown(reasonOf(error));
    }
  }

  #refusedForNothing(oldest: Sent): void {
    const { stream } = this.#options.log;
    const { expected, batch } = oldest;
    this.#logger.warn("server rejected a batch although the stream ends as expected", {
      stream,
      expected,
      batch: batch.number,
      answer: oldest.answer,
    });
    if (++this.#refusals > refusalsMax) this.markUnknown("refusals without a reason");
    else this.#resend(oldest);
  }

  #resend(oldest: Sent): void {
    this.#sent = [];
    this.#next = { batch: 0, message: oldest.index };
    this.#isFailing = false;
    this.#send();
  }

  #misplaced(found: number): Failure {
    const { service, partition } = this.#options.log.name;
    const expected = this.#options.ledger.durableNumber + 1;
    return {
      kind: "misplaced",
      refusal: journalErrors.misplaced.refusal({ service, partition, expected, found }),
    };
  }

  /** Answers all waiting batches, in order. */
  #failAll(outcomeOf: (batch: Outgoing) => Failure): void {
    const outcomes = this.#waiting.map((batch) => ({ batch, outcome: outcomeOf(batch) }));
    this.#waiting = [];
    this.#sent = [];
    this.#next = { batch: 0, message: 0 };
    this.#isFailing = false;
    this.#options.onRollBack();
    for (const { batch, outcome } of outcomes) batch.settle(outcome);
    this.#notifyIdle();
  }

  #notifyIdle(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
    const onIdle = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of onIdle) resolve();
  }
}

/** Compliant clients ask a full server no more often. */
const fullRetryMs = 1_000;
/** After this many unexplained refusals in a row, the stream is read again. */
const refusalsMax = 3;
