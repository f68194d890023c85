import { assert } from "@tutti/kernel";
import type { NatsConnection } from "@tutti/nats";
import { hashOfBatch } from "../batch/hash.ts";
import { journalErrors } from "../errors.ts";
import { Ledger } from "../ledger.ts";
import type {
  Append,
  AppendOutcome,
  Failure,
  JournalBatch,
  JournalPartition,
  PartitionName,
  Position,
  Seal,
  SealOutcome,
} from "../port.ts";
import type { CommittedGroup } from "../segments/segments-journal.ts";
import type { Answers } from "./answers.ts";
import { encodeBatch } from "./encode.ts";
import type { Followed } from "./follower.ts";
import { headBytes, partsOf } from "./message.ts";
import { subjectsOf } from "./names.ts";
import { Pipeline } from "./pipeline.ts";
import { batchStart, readBatches } from "./reader.ts";
import type { Room } from "./room.ts";
import { type Sealing, sealUntilAccepted } from "./sealing.ts";
import { MessagePurgedError } from "./source.ts";
import type { StreamLog } from "./stream-log.ts";

export interface PartitionParts {
  readonly connection: NatsConnection;
  readonly answers: Answers;
  readonly room: Room;
  readonly log: StreamLog;
  readonly batchBytesMax: number;
  readonly messageBytesMax: number;
  readonly answerMs: number;
  readonly committed: ((group: CommittedGroup) => void) | undefined;
}

/**
 * One partition on its stream. It judges appends by the knowledge of this process, and the stream judges the rest.
 *
 * 1. Batches are accepted only in the epoch that was sealed here, from the seal until a newer epoch is found.
 * 2. A seal waits for batches under way. While the seal is under way no batches are accepted.
 */
export class JetStreamPartition implements JournalPartition {
  readonly service: string;
  readonly partition: number;
  readonly #parts: PartitionParts;
  readonly #ledger: Ledger;
  readonly #pipeline: Pipeline;
  readonly #closing = new AbortController();
  /** The last requested seal. Seals run one after the other. */
  #sealing: Promise<unknown> = Promise.resolve();
  readonly #seals = new Set<Seal>();

  constructor(parts: PartitionParts, name: PartitionName, index: number) {
    const { connection, answers, log, answerMs } = parts;
    this.service = name.service;
    this.partition = name.partition;
    this.#parts = parts;
    const ledger = new Ledger(name, index);
    this.#ledger = ledger;
    this.#pipeline = new Pipeline({
      connection,
      answers,
      subject: subjectsOf(name).batches,
      log,
      ledger,
      answerMs,
      onRollBack: () => {
        ledger.rollBack();
        this.#submitSeals();
      },
      onReplaced: (followed) => this.#replaced(followed),
    });
    this.#resumeLedger(log.followed);
  }

  get first(): number {
    return this.#parts.log.first;
  }

  get last(): Position {
    return this.#ledger.last;
  }

  append(batch: Append): Promise<AppendOutcome> {
    const { epoch, number, timeMs, behaviour, records, count } = batch;
    const { room, batchBytesMax, messageBytesMax, committed } = this.#parts;
    assert(records.length <= batchBytesMax, "a batch is not larger than the journal takes", {
      bytes: records.length,
      batchBytesMax,
    });
    const failure = this.#stop() ?? this.#ledger.judge(batch);
    if (failure !== undefined) return Promise.resolve(failure);
    const owner = this.#pipeline.owner;
    assert(owner?.epoch === epoch && this.#seals.size === 0, "an owner seals its epoch before it appends", {
      service: this.service,
      partition: this.partition,
      epoch,
    });
    if (!room.reserve(records.length)) return Promise.resolve(this.#ledger.busy());
    const fields = { epoch, number, timeMs, behaviour, seal: false };
    const bytes = encodeBatch(this.#ledger.encoder, fields, this.#pipeline.lastHash, records, headBytes);
    const hash = hashOfBatch(bytes.subarray(headBytes));
    const messages = partsOf(bytes, { epoch, owner: owner.owner, number, count }, messageBytesMax);
    this.#ledger.submitted(epoch, timeMs);
    return new Promise((resolve) => {
      const settle = (outcome: AppendOutcome): void => {
        room.release(records.length);
        if (outcome.kind === "durable") committed?.({ batches: 1, bytes: bytes.length });
        resolve(outcome);
      };
      this.#pipeline.add({ number, timeMs, hash, messages, settle });
    });
  }

  async seal(seal: Seal): Promise<SealOutcome> {
    const failure = this.#closed() ?? this.#ledger.judgeSeal(seal);
    if (failure !== undefined) return failure;
    const { timeMs } = this.#ledger.sealing(seal);
    this.#seals.add(seal);
    this.#submitSeals();
    const sealed = this.#sealing.then(() => this.#seal({ ...seal, timeMs }, seal));
    this.#sealing = sealed.catch(() => undefined);
    return sealed;
  }

  async *read(from: number): AsyncGenerator<readonly JournalBatch[]> {
    yield* readBatches(this.#parts.log, this.#ledger, from);
  }

  /**
   * The remaining data starts with a batch that has records, because the number of a seal follows from the batch before
   * it.
   */
  async truncate(before: number): Promise<void> {
    const { log, connection } = this.#parts;
    const number = Math.min(before, this.#ledger.durableNumber);
    const place =
      number <= log.first ? undefined : await batchStart(log, this.#ledger, number).catch(ignorePurged);
    if (place === undefined || place.number <= log.first) return;
    const operation = `truncation of the stream ${log.stream}`;
    await connection.run(operation, async () => {
      const manager = await connection.manager(operation);
      await manager.streams.purge(log.stream, { seq: place.sequence });
    });
    log.dropBefore(place.number, place.sequence);
  }

  /** The connection was lost: answers for messages under way will not come. */
  disconnected(): void {
    this.#pipeline.markUnknown("the connection to NATS was lost");
  }

  /** Refuses all new appends, and waits for those under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#pipeline.idle();
    await this.#sealing;
  }

  async #seal(seal: Seal, requested: Seal): Promise<SealOutcome> {
    try {
      await this.#pipeline.idle();
      const { connection, answers, log, answerMs } = this.#parts;
      const options = { connection, answers, log, attemptMs: Math.min(attemptMsMax, answerMs) };
      const owner = Math.floor(connection.foundation.chance.random() * Number.MAX_SAFE_INTEGER);
      const sealing = await sealUntilAccepted(options, seal, owner, this.#closing.signal);
      return this.#sealed(seal, owner, sealing);
    } finally {
      this.#seals.delete(requested);
      this.#submitSeals();
    }
  }

  #sealed(seal: Seal, owner: number, sealing: Sealing): SealOutcome {
    if (sealing.kind === "aborted") {
      const refusal = journalErrors.outcomeUnknown.refusal({ reason: "that the journal is being closed" });
      return { kind: "unknown", refusal };
    }
    if (sealing.kind === "full") {
      this.#ledger.rollBack();
      return this.#pipeline.full(sealing.reason);
    }
    const { followed } = sealing;
    if (followed.epoch !== seal.epoch || followed.owner !== owner)
      return this.#replaced(followed, seal.epoch);
    this.#resumeLedger(followed);
    this.#pipeline.openEpoch(followed);
    return { kind: "sealed", number: this.#ledger.durableNumber };
  }

  #replaced(followed: Followed, epoch?: number): Failure {
    const mine = epoch ?? this.#pipeline.owner?.epoch ?? 0;
    this.#pipeline.closeEpoch();
    this.#resumeLedger(followed);
    const failure = this.#ledger.judgeSeal({ epoch: mine, timeMs: 0, behaviour: 0 });
    assert(failure !== undefined, "an owner is replaced by an epoch that is not older", { epoch: mine });
    this.#submitSeals();
    return failure;
  }

  #resumeLedger({ last, epoch }: Followed): void {
    if (last?.hash !== undefined) this.#ledger.resume(last.number, epoch, last.timeMs, last.hash);
  }

  /** As soon as a seal is requested, appends under an older epoch are fenced. */
  #submitSeals(): void {
    for (const seal of this.#seals) {
      if (this.#ledger.judgeSeal(seal) === undefined) {
        this.#ledger.submitted(seal.epoch, this.#ledger.sealing(seal).timeMs);
      }
    }
  }

  #stop(): Failure | undefined {
    const { stopped } = this.#pipeline;
    return this.#closed() ?? (stopped === undefined ? undefined : this.#pipeline.unsealed(stopped));
  }

  #closed(): Failure | undefined {
    if (!this.#closing.signal.aborted) return;
    return { kind: "stopped", refusal: journalErrors.stopped.refusal({ reason: "it was closed" }) };
  }
}

/** Another process truncated just as far. */
function ignorePurged(error: unknown): undefined {
  if (!(error instanceof MessagePurgedError)) throw error;
}

/** A leader answers within milliseconds. After this time the seal is sent again. */
const attemptMsMax = 1_000;
