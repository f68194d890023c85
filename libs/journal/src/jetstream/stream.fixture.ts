import { hashOfBatch } from "../batch/hash.ts";
import { HeaderEncoder } from "../batch/header.ts";
import type { JournalBatch } from "../port.ts";
import { encodeBatch } from "./encode.ts";
import { type Followed, Follower, initialFollowed } from "./follower.ts";
import { headBytes, markOf, originOf, partsOf } from "./message.ts";

export const stream = "TUTTI_JOURNAL_workflow_3";
export const name = { service: "workflow", partition: 3 };

/** A stream in memory with several writers: messages of an owner may come after it was replaced. */
export class TestStream {
  readonly messages: Uint8Array[] = [];
  readonly #encoder = new HeaderEncoder(name.service, name.partition);

  push(...messages: readonly Uint8Array[]): this {
    this.messages.push(...messages);
    return this;
  }

  seal(epoch: number, owner = epoch * 10): this {
    return this.push(markOf({ epoch, owner, timeMs: 1_000, behaviour: 1 }));
  }

  origin(number: number, epoch: number): this {
    return this.push(originOf({ number, epoch, timeMs: 500, hash: new Uint8Array(32).fill(number) }));
  }

  /** Returns the messages of batches that follow the last message of the stream. */
  batches(count: number, { bytes = 5, partBytes = 1_000, epoch = 0 } = {}): Uint8Array[][] {
    const { last, epoch: newest, owner } = this.follow().followed;
    let hash = last?.hash ?? new Uint8Array(0);
    return Array.from({ length: count }, (_, index) => {
      const number = (last?.number ?? 0) + 1 + index;
      const fields = { epoch: epoch || newest, number, timeMs: 2_000, behaviour: 1, seal: false };
      const batch = encodeBatch(this.#encoder, fields, hash, new Uint8Array(bytes).fill(number), headBytes);
      hash = hashOfBatch(batch.subarray(headBytes));
      return [...partsOf(batch, { epoch: fields.epoch, owner, number, count: 1 }, partBytes)];
    });
  }

  append(count = 1, options: Parameters<TestStream["batches"]>[1] = {}): this {
    return this.push(...this.batches(count, options).flat());
  }

  /** Follows the stream from the given follower's state. */
  follow(follower = new Follower(stream, name, initialFollowed)): Read {
    const batches: JournalBatch[] = [];
    const from = follower.followed.sequence;
    for (const [index, message] of this.messages.slice(from).entries()) {
      const found = follower.receive(from + index + 1, message);
      if (found !== undefined) batches.push(found.batch);
    }
    return { batches, followed: follower.followed };
  }
}

export interface Read {
  readonly batches: readonly JournalBatch[];
  readonly followed: Followed;
}
