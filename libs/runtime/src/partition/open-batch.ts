import { Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { WireCodec } from "@tutti/kernel";

/** An owner of records: an instance, or the partition itself. */
export interface Recorded {
  /** Namespace, kind and id as in every record. */
  readonly prefix: Uint8Array;
  readonly incarnation: number;
  event: number;
  lastBatch: number;
  lastIndex: number;
}

/** A position in the open batch to which it can be truncated. */
export interface BatchMark {
  position: number;
  count: number;
  cause: Cause | undefined;
}

/**
 * The batch that is being filled. Records are encoded directly into it, and history consists of those same bytes.
 *
 * 1. Records of an instance name the one before. So a gap is detected, and history can be followed.
 * 2. The first record carries its cause. A later record carries a cause only if it differs from the one before.
 * 3. `number` is the number that the batch will have in the journal.
 */
export class OpenBatch {
  // Small at first: the buffer never shrinks, and most loaded partitions are not busy.
  readonly #writer = new FlatWriter(16 * 1024);
  #count = 0;
  #cause: Cause | undefined;
  #number = 0;

  /** Starts the batch that will have this number. */
  open(number: number): void {
    this.#writer.reset();
    this.#count = 0;
    this.#cause = undefined;
    this.#number = number;
  }

  get number(): number {
    return this.#number;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#writer.position;
  }

  /** The encoded records, valid until the next one. */
  written(): Uint8Array {
    return this.#writer.written();
  }

  mark(mark: BatchMark): void {
    mark.position = this.#writer.position;
    mark.count = this.#count;
    mark.cause = this.#cause;
  }

  /** Drops everything that was added since the mark. */
  rollBack(mark: BatchMark): void {
    this.#writer.truncate(mark.position);
    this.#count = mark.count;
    this.#cause = mark.cause;
  }

  /** Adds an event and advances its owner. `header` is the event's type and version as in a record. */
  add<Body>(instance: Recorded, header: Uint8Array, codec: WireCodec<Body>, body: Body, cause: Cause): void {
    const writer = this.#writer;
    const event = instance.event + 1;
    writer.uint32(18).fork().raw(instance.prefix).uint32(32).uint32(event).raw(header).uint32(58).fork();
    codec.encode(body, writer);
    writer.join();
    if (instance.lastBatch !== 0) writer.uint32(65).double(instance.lastBatch);
    if (instance.lastIndex !== 0) writer.uint32(72).uint32(instance.lastIndex);
    if (cause !== this.#cause) {
      Cause.encode(cause, writer.uint32(82).fork()).join();
      this.#cause = cause;
    }
    if (event === 1) writer.uint32(89).double(instance.incarnation);
    writer.join();
    instance.event = event;
    instance.lastBatch = this.#number;
    instance.lastIndex = this.#count++;
  }
}
