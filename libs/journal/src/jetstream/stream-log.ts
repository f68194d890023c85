/**
 * What is known of a partition's stream: up to where it was followed, and where its batches are.
 *
 * 1. `followed` only grows, and is what the messages up to its sequence amount to.
 * 2. The first message of a stream that was truncated starts a batch that counts.
 */
import { hashOfBatch } from "../batch/hash.ts";
import type { PartitionName } from "../port.ts";
import { damagedMessage } from "./damage.ts";
import {
  beforeBatch,
  beginning,
  type Followed,
  type FollowedBatch,
  Follower,
  type FoundBatch,
} from "./follower.ts";
import { readMessage } from "./message.ts";
import { streamOf, subjectsOf } from "./names.ts";
import { Places } from "./places.ts";
import { underWayMax } from "./protocol.ts";
import { MessageGone, type StreamEnds, type StreamSource } from "./source.ts";

export class StreamLog {
  readonly stream: string;
  readonly name: PartitionName;
  readonly source: StreamSource;
  /** Where marks of seals are published. */
  readonly sealSubject: string;
  readonly places = new Places();
  /** Number of the first batch that is left. */
  first = 1;
  #firstSequence = 1;
  #followed: Followed = beginning;
  #hasLookedForOrigin = false;

  constructor(name: PartitionName, source: StreamSource) {
    this.stream = streamOf(name);
    this.name = name;
    this.source = source;
    this.sealSubject = subjectsOf(name).seals;
  }

  get followed(): Followed {
    return this.#followed;
  }

  /** Reads as much of the stream's end as is needed to know where it stands. */
  async open(): Promise<void> {
    const ends = await this.source.ends();
    await this.refreshFirst(ends);
    if (ends.last > 0) await this.followTo(ends.last);
  }

  /** Follows up to a message that is known to be there. */
  async followTo(sequence: number): Promise<Followed> {
    // Far behind, only where it stands now is of interest.
    let isFar = sequence - this.#followed.sequence > 4 * underWayMax;
    for (;;) {
      try {
        if (isFar) await this.#jumpTo(sequence);
        else await this.#follow(new Follower(this.stream, this.name, this.#followed), sequence);
        return this.#followed;
      } catch (error) {
        if (!(error instanceof MessageGone)) throw error;
        // Another process truncated what this one had not followed yet.
        await this.refreshFirst();
        isFar = true;
      }
    }
  }

  /**
   * Makes sure that the last batch that was followed is still where it was. Throws `journal.corrupt` when the server
   * lost it. Undefined is answered while its leader may only be behind, as one that was elected just now can be.
   */
  async isKept(): Promise<true | undefined> {
    const { sequence, last, epoch } = this.#followed;
    const { last: end } = await this.source.ends();
    if (end < sequence) return;
    if (last === undefined || last.end === 0) return true;
    const found = await this.source.get(last.end, sequence).catch((error: unknown) => {
      // Truncated by a later owner: then what lies behind it was followed by that one.
      if (error instanceof MessageGone) return undefined;
      throw error;
    });
    if (found !== undefined && !isEndOf(last, epoch, readMessage(found))) {
      throw damagedMessage(this.stream, this.name, last.end, {
        found: `not the batch that was acknowledged there; ${lost}`,
      });
    }
    return true;
  }

  /** Returns the last mark of a seal in the stream. It need not be one that counts. */
  async lastMark(): Promise<{ readonly sequence: number; readonly epoch: number } | undefined> {
    const found = await this.source.lastOf(this.sealSubject);
    if (found === undefined) return;
    const message = readMessage(found.data);
    if (message.kind === "seal") return { sequence: found.sequence, epoch: message.epoch };
    const damage = message.kind === "damaged" ? message : { found: "a part of a batch where a seal was" };
    throw damagedMessage(this.stream, this.name, found.sequence, damage);
  }

  /** More is known, as when a batch of ours has become durable. */
  advance(followed: Followed): void {
    if (followed.sequence >= this.#followed.sequence) this.#followed = followed;
  }

  /** Finds out where the stream starts now. Its owner may truncate further while it is looked at. */
  async refreshFirst(known?: StreamEnds): Promise<void> {
    for (let ends = known; ; ends = undefined) {
      try {
        return await this.#lookAtFirst(ends ?? (await this.source.ends()));
      } catch (error) {
        if (!(error instanceof MessageGone)) throw error;
      }
    }
  }

  async #lookAtFirst({ first, last }: StreamEnds): Promise<void> {
    if (first <= 1) return last === 0 ? undefined : this.#lookForOrigin(last);
    if (first === this.#firstSequence) return;
    if (first > last) {
      const found = "no message at all, so that the position of the last batch is lost";
      throw damagedMessage(this.stream, this.name, last, { found });
    }
    const message = readMessage(await this.source.get(first, last));
    if (message.kind === "damaged") throw damagedMessage(this.stream, this.name, first, message);
    if (message.kind !== "part" || message.part !== 0) {
      const found = "the first message, which does not start a batch, so messages before it are missing";
      throw damagedMessage(this.stream, this.name, first, { found });
    }
    this.begins(message.number, first);
  }

  /** Where the journal started elsewhere, its first batch here is not the first of all. */
  async #lookForOrigin(last: number): Promise<void> {
    if (this.#hasLookedForOrigin) return;
    const message = readMessage(await this.source.get(1, last));
    if (message.kind === "origin") this.first = message.number + 1;
    this.#hasLookedForOrigin = true;
  }

  /** The batches before this one are gone. */
  begins(number: number, sequence: number): void {
    this.first = number;
    this.#firstSequence = sequence;
    this.places.drop(number);
    this.places.add(number, sequence, false);
  }

  /** Where reading can start to come to a batch: at one before it, as near as can be determined. */
  async startFor(number: number): Promise<Followed> {
    let start = this.#knownStart(number);
    for (let tries = 0; tries < triesMax; tries++) {
      const at = start.last?.number ?? 0;
      // Each batch takes a message or more, so this is never too far.
      const ahead = number - at - 2 * underWayMax;
      if (ahead < underWayMax) break;
      const found = await this.#startAfter(start.sequence + ahead);
      if (found === undefined || (found.last?.number ?? 0) <= at) break;
      start = found;
    }
    return start;
  }

  #knownStart(number: number): Followed {
    const place = this.places.upTo(number);
    if (place !== undefined) return beforeBatch(place.sequence, place.number);
    return this.#firstSequence > 1 ? beforeBatch(this.#firstSequence, this.first) : beginning;
  }

  /** Where the batches stand a little after a message in the middle. */
  async #startAfter(sequence: number): Promise<Followed | undefined> {
    const follower = Follower.somewhere(this.stream, this.name, sequence);
    const to = Math.min(sequence + 2 * underWayMax, this.#followed.sequence + 1) - 1;
    for await (const message of this.source.messages(sequence, to)) {
      if (follower.receive(message.sequence, message.data) !== undefined) return follower.followed;
    }
    return;
  }

  /** Takes the stream's end by reading back from it until a whole batch is found. */
  async #jumpTo(last: number): Promise<void> {
    for (let span = 2 * underWayMax; ; span *= 2) {
      const from = last - span + 1;
      if (from <= this.#firstSequence) {
        const start = this.#firstSequence > 1 ? beforeBatch(this.#firstSequence, this.first) : beginning;
        return this.#follow(new Follower(this.stream, this.name, start), last);
      }
      const follower = Follower.somewhere(this.stream, this.name, from);
      for await (const { sequence, data } of this.source.messages(from, last)) {
        this.#note(follower.receive(sequence, data));
      }
      if (follower.followed.last === undefined) continue;
      this.advance(follower.followed);
      return;
    }
  }

  async #follow(follower: Follower, to: number): Promise<void> {
    for await (const { sequence, data } of this.source.messages(follower.followed.sequence + 1, to)) {
      this.#note(follower.receive(sequence, data));
    }
    this.advance(follower.followed);
  }

  #note(found: FoundBatch | undefined): void {
    if (found !== undefined) this.places.add(found.batch.number, found.from, found.batch.seal);
  }
}

/** The server lost what it had acknowledged: its stream ends before a message that was there. */
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
