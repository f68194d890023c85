/**
 * State of a partition's stream in this process: the followed part, and the places of its batches.
 *
 * 1. `followed` only grows, and is the state derived from the messages up to its sequence.
 * 2. The first message of a truncated stream starts a batch that counts.
 */
import { hashOfBatch } from "../batch/hash.ts";
import type { PartitionName } from "../port.ts";
import { damagedMessage } from "./damage.ts";
import {
  beforeBatch,
  type Followed,
  type FollowedBatch,
  Follower,
  type FoundBatch,
  initialFollowed,
} from "./follower.ts";
import { readMessage } from "./message.ts";
import { streamOf, subjectsOf } from "./names.ts";
import { Places } from "./places.ts";
import { inFlightMax } from "./protocol.ts";
import { MessagePurgedError, type StreamEnds, type StreamSource } from "./source.ts";

export class StreamLog {
  readonly stream: string;
  readonly name: PartitionName;
  readonly source: StreamSource;
  /** Subject of the marks of seals. */
  readonly sealSubject: string;
  readonly places = new Places();
  /** Number of the first remaining batch. */
  first = 1;
  #firstSequence = 1;
  #followed: Followed = initialFollowed;
  #hasCheckedOrigin = false;

  constructor(name: PartitionName, source: StreamSource) {
    this.stream = streamOf(name);
    this.name = name;
    this.source = source;
    this.sealSubject = subjectsOf(name).seals;
  }

  get followed(): Followed {
    return this.#followed;
  }

  /** Reads as much of the stream's end as is needed for its state. */
  async open(): Promise<void> {
    const ends = await this.source.ends();
    await this.refreshFirst(ends);
    if (ends.last > 0) await this.followTo(ends.last);
  }

  /** Follows up to a message that is known to exist. */
  async followTo(sequence: number): Promise<Followed> {
    // Far behind, only the present state is needed.
    let isFarBehind = sequence - this.#followed.sequence > 4 * inFlightMax;
    for (;;) {
      try {
        if (isFarBehind) await this.#jumpTo(sequence);
        else await this.#follow(new Follower(this.stream, this.name, this.#followed), sequence);
        return this.#followed;
      } catch (error) {
        if (!(error instanceof MessagePurgedError)) throw error;
        // Another process truncated messages that this one had not followed yet.
        await this.refreshFirst();
        isFarBehind = true;
      }
    }
  }

  /**
   * Checks that the last followed batch is still in its place. Throws `journal.corrupt` if the server lost it. Returns
   * undefined while its leader may only lag, as after an election.
   */
  async checkRetained(): Promise<true | undefined> {
    const { sequence, last, epoch } = this.#followed;
    const { last: end } = await this.source.ends();
    if (end < sequence) return;
    if (last === undefined || last.end === 0) return true;
    const found = await this.source.get(last.end, sequence).catch((error: unknown) => {
      // Truncated by a later owner, which then followed everything behind it.
      if (error instanceof MessagePurgedError) return undefined;
      throw error;
    });
    if (found !== undefined && !isEndOf(last, epoch, readMessage(found))) {
      throw damagedMessage(this.stream, this.name, last.end, {
        found: `not the batch that was acknowledged there; ${lost}`,
      });
    }
    return true;
  }

  /** Returns the last mark of a seal in the stream. It may be one that does not count. */
  async lastMark(): Promise<{ readonly sequence: number; readonly epoch: number } | undefined> {
    const found = await this.source.lastOf(this.sealSubject);
    if (found === undefined) return;
    const message = readMessage(found.data);
    if (message.kind === "seal") return { sequence: found.sequence, epoch: message.epoch };
    const damage = message.kind === "damaged" ? message : { found: "a part of a batch where a seal was" };
    throw damagedMessage(this.stream, this.name, found.sequence, damage);
  }

  /** Accepts a newer state, as when an own batch has become durable. */
  advance(followed: Followed): void {
    if (followed.sequence >= this.#followed.sequence) this.#followed = followed;
  }

  /** Reads the start of the stream. Its owner may truncate further meanwhile. */
  async refreshFirst(known?: StreamEnds): Promise<void> {
    for (let ends = known; ; ends = undefined) {
      try {
        return await this.#checkFirst(ends ?? (await this.source.ends()));
      } catch (error) {
        if (!(error instanceof MessagePurgedError)) throw error;
      }
    }
  }

  async #checkFirst({ first, last }: StreamEnds): Promise<void> {
    if (first <= 1) return last === 0 ? undefined : this.#findOrigin(last);
    if (first === this.#firstSequence) return;
    if (first > last) {
      const found = "the stream has no message, so the position of the last batch is lost";
      throw damagedMessage(this.stream, this.name, last, { found });
    }
    const message = readMessage(await this.source.get(first, last));
    if (message.kind === "damaged") throw damagedMessage(this.stream, this.name, first, message);
    if (message.kind !== "part" || message.part !== 0) {
      const found = "the first message, which does not start a batch, so messages before it are missing";
      throw damagedMessage(this.stream, this.name, first, { found });
    }
    this.dropBefore(message.number, first);
  }

  /** If the journal started elsewhere, its first batch here has a higher number than 1. */
  async #findOrigin(last: number): Promise<void> {
    if (this.#hasCheckedOrigin) return;
    const message = readMessage(await this.source.get(1, last));
    if (message.kind === "origin") this.first = message.number + 1;
    this.#hasCheckedOrigin = true;
  }

  /** Drops the batches before this one. */
  dropBefore(number: number, sequence: number): void {
    this.first = number;
    this.#firstSequence = sequence;
    this.places.drop(number);
    this.places.add(number, sequence, false);
  }

  /** Returns a state before a batch, as near as can be determined. */
  async startFor(number: number): Promise<Followed> {
    let start = this.#knownStart(number);
    for (let tries = 0; tries < triesMax; tries++) {
      const at = start.last?.number ?? 0;
      // Each batch takes at least one message, so this is never too far.
      const ahead = number - at - 2 * inFlightMax;
      if (ahead < inFlightMax) break;
      const found = await this.#startAfter(start.sequence + ahead);
      if (found === undefined || (found.last?.number ?? 0) <= at) break;
      start = found;
    }
    return start;
  }

  #knownStart(number: number): Followed {
    const place = this.places.upTo(number);
    if (place !== undefined) return beforeBatch(place.sequence, place.number);
    return this.#firstSequence > 1 ? beforeBatch(this.#firstSequence, this.first) : initialFollowed;
  }

  /** Returns the state shortly after a message in the middle. */
  async #startAfter(sequence: number): Promise<Followed | undefined> {
    const follower = Follower.startingAt(this.stream, this.name, sequence);
    const to = Math.min(sequence + 2 * inFlightMax, this.#followed.sequence + 1) - 1;
    for await (const message of this.source.messages(sequence, to)) {
      if (follower.receive(message.sequence, message.data) !== undefined) return follower.followed;
    }
    return;
  }

  /** Determines the stream's end by reading back from it until a whole batch is found. */
  async #jumpTo(last: number): Promise<void> {
    for (let distance = 2 * inFlightMax; ; distance *= 2) {
      const from = last - distance + 1;
      if (from <= this.#firstSequence) {
        const start =
          this.#firstSequence > 1 ? beforeBatch(this.#firstSequence, this.first) : initialFollowed;
        return this.#follow(new Follower(this.stream, this.name, start), last);
      }
      const follower = Follower.startingAt(this.stream, this.name, from);
      for await (const { sequence, data } of this.source.messages(from, last)) {
        this.#addPlace(follower.receive(sequence, data));
      }
      if (follower.followed.last === undefined) continue;
      this.advance(follower.followed);
      return;
    }
  }

  async #follow(follower: Follower, to: number): Promise<void> {
    for await (const { sequence, data } of this.source.messages(follower.followed.sequence + 1, to)) {
      this.#addPlace(follower.receive(sequence, data));
    }
    this.advance(follower.followed);
  }

  #addPlace(found: FoundBatch | undefined): void {
    if (found !== undefined) this.places.add(found.batch.number, found.from, found.batch.seal);
  }
}

/** Returns the error of a server that lost acknowledged messages: its stream ends before a known message. */
export function lostMessages(log: StreamLog, last: number): Error {
  const found = `the end of the stream at message ${last}; ${lost}`;
  return damagedMessage(log.stream, log.name, log.followed.sequence, { found });
}

const lost = "the server lost what it acknowledged (is sync_interval always, or are there 3 replicas?)";

/** Returns whether a message is the last one of a batch. */
function isEndOf(
  { number, hash }: FollowedBatch,
  epoch: number,
  message: ReturnType<typeof readMessage>,
): boolean {
  if (message.kind === "damaged") return false;
  if (message.kind === "seal") return message.epoch === epoch;
  if (message.kind === "origin") return message.number === number;
  if (message.number !== number || message.part !== message.parts - 1) return false;
  return message.parts > 1 || hash === undefined || Buffer.compare(hashOfBatch(message.bytes), hash) === 0;
}

const triesMax = 64;
