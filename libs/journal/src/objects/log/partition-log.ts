/**
 * The log of a partition of the archive, a stream that several processes write to, one at a time.
 *
 * 1. An entry is accepted only if the stream ends where its writer expects. One is under way at a time. So all entries
 *    of an owner follow its opening, and once another owner opens, no entry of the older one is accepted.
 * 2. A lost answer is determined by reading: if another message is in the place of the entry, the entry was not
 *    accepted and never will be.
 * 3. An owner that writes without a pause could always be ahead of a process that wants to open. So a process that was
 *    too late knocks: the knock moves the end of the stream, and the owner reads it.
 * 4. A server with fewer messages than were acknowledged may be a new leader that lags for a moment. If that lasts, the
 *    messages are lost, which is damage: nothing more is written then.
 * 5. Each entry carries the hash of the one before: a gap, an exchange or a flipped bit is found when it is read.
 */
import { isTuttiError, reasonOf } from "@tutti/kernel";
import { type NatsConnection, natsErrors, wrongRevisionOf } from "@tutti/nats";
import { archiveErrors } from "../../archive/errors.ts";
import { journalErrors } from "../../errors.ts";
import { MessagePurgedError, StreamSource } from "../../jetstream/source.ts";
import type { PartitionName } from "../../port.ts";
import { logOf } from "../names.ts";
import { type Entry, encodeEntry, entryKinds, hashOf, readEntry } from "./entry.ts";

/** State of a log: its last entry, and the data in it. */
export type LogHead = Omit<Entry, "kind" | "body" | "previous"> & { readonly hash: Uint8Array };

export const emptyHead: LogHead = {
  sequence: 0,
  epoch: 0,
  owner: 0,
  base: 0,
  baseBytes: 0,
  tailBytes: 0,
  hash: new Uint8Array(32),
};

export type NewEntry = Omit<Entry, "sequence" | "previous">;

export class PartitionLog {
  readonly stream: string;
  readonly #subject: string;
  readonly #connection: NatsConnection;
  readonly #source: StreamSource;
  #head: LogHead = emptyHead;
  /** End of the stream: there may be knocks behind the head. */
  #end = 0;
  /** The newest epoch of the knocks behind the head. */
  #knocked = 0;
  /** Time since which the stream has seemed to lack acknowledged messages. */
  #behindSinceMs: number | undefined;

  constructor(connection: NatsConnection, name: PartitionName) {
    const { stream, subject } = logOf(name);
    this.stream = stream;
    this.#subject = subject;
    this.#connection = connection;
    const patienceMs = connection.settings.requestTimeoutMs;
    this.#source = new StreamSource({ connection, stream, name, patienceMs });
  }

  get head(): LogHead {
    return this.#head;
  }

  get knocked(): number {
    return this.#knocked;
  }

  /** Reads the end of the log. Retries without an answer, until the signal is aborted. */
  async refresh(signal: AbortSignal): Promise<LogHead> {
    const operation = `question for the end of the stream ${this.stream}`;
    for (;;) {
      const head = await this.#connection.persist(operation, () => this.#last(), signal);
      if (head !== undefined) return head;
    }
  }

  /**
   * Adds an entry behind the last known one. `moved`: another process was faster, and `refresh` shows which one.
   * Retries while no server answers, until the signal is aborted.
   */
  async append(entry: NewEntry, signal: AbortSignal): Promise<"appended" | "moved"> {
    const { hash } = this.#head;
    const before = this.#end;
    const sequence = before + 1;
    const message = encodeEntry({ ...entry, sequence, previous: hash });
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      try {
        const isThere = (await this.#publish(message, before)) || (await this.#isAt(sequence, message));
        if (!isThere) return "moved";
        const { kind, body, ...header } = entry;
        this.#setHead({ ...header, sequence, hash: hashOf(message) }, sequence, 0);
        return "appended";
      } catch (error) {
        if (natsErrors.noSpace.is(error)) throw archiveErrors.full({ reason: reasonOf(error) });
        if (!natsErrors.unavailable.is(error)) throw error;
      }
      await this.#connection.pause(failures, signal);
    }
  }

  /** Notifies the owner of the log that another process wants to open it. */
  async knock(epoch: number, signal: AbortSignal): Promise<void> {
    const emptyFields = {
      sequence: 0,
      owner: 0,
      base: 0,
      baseBytes: 0,
      tailBytes: 0,
      previous: emptyHead.hash,
    };
    const message = encodeEntry({ ...emptyFields, kind: entryKinds.knock, epoch, body: new Uint8Array(0) });
    const operation = `knocking at the stream ${this.stream}`;
    const publish = () => this.#connection.jetstream(operation).publish(this.#subject, message);
    await this.#connection.persist(operation, publish, signal);
  }

  /** Returns entries without knocks, each compared with the one before. Throws `MessagePurgedError` if they were removed. */
  async *entries(
    from: number,
    to: number,
    previous?: Uint8Array,
  ): AsyncGenerator<Entry & { hash: Uint8Array }> {
    let before = previous;
    try {
      for await (const { sequence, data } of this.#source.messages(from, to)) {
        const [entry, hash] = this.#checked(data, sequence);
        if (entry.kind === entryKinds.knock) continue;
        if (before !== undefined && Buffer.compare(before, entry.previous) !== 0) {
          throw this.damaged(sequence, "an entry that does not follow on the one before");
        }
        before = hash;
        yield { ...entry, hash };
      }
    } catch (error) {
      throw this.#failure(error, from);
    }
  }

  /** Removes the entries before this one. */
  truncate(before: number): Promise<void> {
    const operation = `truncation of the stream ${this.stream}`;
    return this.#connection.run(operation, async () => {
      const manager = await this.#connection.manager(operation);
      await manager.streams.purge(this.stream, { seq: before });
    });
  }

  damaged(sequence: number, found: string): Error {
    const place = { file: `stream ${this.stream}`, row: sequence };
    return archiveErrors.damaged({ place, found });
  }

  /** Undefined if it was removed during the read. */
  async #last(): Promise<LogHead | undefined> {
    const { first, last } = await this.#source.ends();
    if (last < this.#end) throw this.#behind(last);
    try {
      let knocked = 0;
      for (let sequence = last; sequence >= first && sequence > 0; sequence--) {
        const [entry, hash] = await this.#read(sequence, last);
        if (entry.kind !== entryKinds.knock) return this.#setHead(headOf(entry, hash), last, knocked);
        knocked = Math.max(knocked, entry.epoch);
      }
      return this.#setHead(emptyHead, last, knocked);
    } catch (error) {
      if (error instanceof MessagePurgedError) return;
      throw error;
    }
  }

  /** A new leader may lag behind acknowledged messages for a moment: it is asked again. */
  #behind(last: number): Error {
    const { foundation, settings } = this.#connection;
    const nowMs = foundation.clock.monotonic();
    this.#behindSinceMs ??= nowMs;
    const operation = `reading of the stream ${this.stream}`;
    const reason = `an end at ${last}, before ${this.#end}; a server that is behind, or lost what it acknowledged`;
    if (nowMs - this.#behindSinceMs < settings.requestTimeoutMs)
      return natsErrors.unavailable({ operation, reason });
    return this.damaged(this.#end, `the end of the stream at ${last}; the server lost what it acknowledged`);
  }

  #setHead(head: LogHead, end: number, knocked: number): LogHead {
    this.#head = head;
    this.#end = end;
    this.#knocked = knocked;
    this.#behindSinceMs = undefined;
    return head;
  }

  async #publish(message: Uint8Array, before: number): Promise<boolean> {
    const operation = `writing to the stream ${this.stream}`;
    return this.#connection.run(operation, async () => {
      try {
        const client = this.#connection.jetstream(operation);
        await client.publish(this.#subject, message, { expect: { lastSequence: before } });
        return true;
      } catch (error) {
        if (wrongRevisionOf(error) === undefined) throw error;
        return false;
      }
    });
  }

  /** Returns whether exactly this message is there. */
  async #isAt(sequence: number, message: Uint8Array): Promise<boolean> {
    const { last } = await this.#source.ends();
    if (last < sequence) throw this.#behind(last);
    try {
      return Buffer.compare(await this.#source.get(sequence, last), message) === 0;
    } catch (error) {
      if (error instanceof MessagePurgedError) return false;
      throw this.#failure(error, sequence);
    }
  }

  async #read(sequence: number, known: number): Promise<[Entry, Uint8Array]> {
    try {
      return this.#checked(await this.#source.get(sequence, known), sequence);
    } catch (error) {
      throw this.#failure(error, sequence);
    }
  }

  #checked(data: Uint8Array, sequence: number): [Entry, Uint8Array] {
    const entry = readEntry(data, sequence);
    if (entry.kind === "damaged") throw this.damaged(sequence, entry.found);
    return [entry, hashOf(data)];
  }

  /** Translates the error of the reader for a missing message into an error of the archive. */
  #failure(error: unknown, sequence: number): unknown {
    if (!isTuttiError(error) || !journalErrors.corrupt.is(error)) return error;
    return this.damaged(sequence, "the entry is missing, or the entry after it");
  }
}

function headOf({ sequence, epoch, owner, base, baseBytes, tailBytes }: Entry, hash: Uint8Array): LogHead {
  return { sequence, epoch, owner, base, baseBytes, tailBytes, hash };
}
