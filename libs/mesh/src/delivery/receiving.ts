/**
 * The receiving end of a stream of messages.
 *
 * 1. A request is answered when the receiver has it durable. A bounded number may be waiting for that.
 * 2. When the partition moves, the stream ends with the new owner's name as soon as that is known. This includes an
 *    idle stream, because a leaving process would wait for it.
 */
import type { DeliverReply, DeliverRequest } from "@tutti/contracts/runtime/v1";
import type { CallContext, EnvelopeBatch } from "@tutti/kernel";
import { meshErrors } from "../errors.ts";
import { batchOf } from "./batch-parts.ts";

export interface ReceivingParts {
  /** Number of partitions of the service. */
  readonly partitions: number;
  /**
   * Admits the messages to a partition: at once (undefined), or as soon as this process owns it. Throws
   * `mesh.not_owner` if another process owns it.
   */
  admit(
    partition: number,
    request: { readonly epoch: number; readonly signal: AbortSignal },
  ): Promise<void> | undefined;
  receive(partition: number, batch: EnvelopeBatch): Promise<number>;
  /** Calls back when the partition may have another owner. Returns a function that stops that. */
  onOwner?(listener: (partition: number) => void): () => void;
}

/** Maximum number of requests accepted before the first of them is durable. */
const acceptedMax = 64;

export async function* receiveMessages(
  requests: AsyncIterable<DeliverRequest>,
  context: Pick<CallContext, "signal" | "ownerEpoch">,
  parts: ReceivingParts,
): AsyncGenerator<DeliverReply, void> {
  const receiving = new Receiving(parts, context);
  const unlisten = parts.onOwner?.((partition) => receiving.ownerChanged(partition));
  // It ends with the requests, or with the stream: then there is no waiter.
  void receiving.readAll(requests);
  try {
    for (;;) {
      const reply = await receiving.next();
      if (reply === undefined) return;
      yield reply;
    }
  } finally {
    unlisten?.();
    receiving.close();
  }
}

class Receiving {
  readonly #parts: ReceivingParts;
  readonly #context: Pick<CallContext, "signal" | "ownerEpoch">;
  readonly #replies: DeliverReply[] = [];
  #partition: number | undefined;
  #batch = 0;
  #accepted = 0;
  #read = false;
  #error: unknown;
  #failed = false;
  #ended = false;
  #wakeWriter: () => void = () => {};
  #wakeReader: () => void = () => {};

  constructor(parts: ReceivingParts, context: Pick<CallContext, "signal" | "ownerEpoch">) {
    this.#parts = parts;
    this.#context = context;
  }

  async readAll(requests: AsyncIterable<DeliverRequest>): Promise<void> {
    try {
      for await (const request of requests) {
        this.#check(request);
        await this.#parts.admit(request.partition, {
          epoch: this.#context.ownerEpoch ?? 0,
          signal: this.#context.signal,
        });
        if (this.#ended || this.#failed) return;
        this.#receive(request);
        while (this.#accepted >= acceptedMax && !this.#ended && !this.#failed) {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
        }
      }
      this.#read = true;
      this.#wakeWriter();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Returns the next reply. Undefined if there is none any more. */
  async next(): Promise<DeliverReply | undefined> {
    for (;;) {
      const reply = this.#replies.shift();
      if (reply !== undefined) return reply;
      if (this.#failed) throw this.#error;
      if (this.#read && this.#accepted === 0) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  ownerChanged(partition: number): void {
    if (partition === this.#partition) void this.#checkOwner(partition);
  }

  close(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  #check({ partition, batch }: DeliverRequest): void {
    this.#partition ??= partition;
    const expected = ++this.#batch;
    const { partitions } = this.#parts;
    if (partition >= partitions) {
      throw invalid("partition", `expected a partition below ${partitions}, got ${partition}`);
    }
    if (partition !== this.#partition) {
      const first = this.#partition;
      throw invalid(
        "partition",
        `expected that of the first request of the stream, ${first}, got ${partition}`,
      );
    }
    if (batch !== expected) throw invalid("batch", `expected ${expected}, got ${batch}`);
  }

  #receive(request: DeliverRequest): void {
    const { partition, batch } = request;
    this.#accepted++;
    this.#parts.receive(partition, batchOf(request)).then(
      (upTo) => {
        this.#replies.push({ batch, upTo });
        this.#done();
      },
      (error: unknown) => void this.#refused(partition, error),
    );
  }

  /** Ends the stream if the partition has another owner by now. */
  async #checkOwner(partition: number): Promise<void> {
    const { signal, ownerEpoch = 0 } = this.#context;
    try {
      await this.#parts.admit(partition, { epoch: ownerEpoch, signal });
    } catch (moved) {
      this.#fail(moved);
    }
  }

  /** If the partition has moved meanwhile, its new owner is the better answer. */
  async #refused(partition: number, error: unknown): Promise<void> {
    const { signal, ownerEpoch = 0 } = this.#context;
    try {
      await this.#parts.admit(partition, { epoch: ownerEpoch, signal });
      this.#fail(error);
    } catch (moved) {
      this.#fail(moved);
    }
    this.#done();
  }

  #done(): void {
    this.#accepted--;
    this.#wakeWriter();
    this.#wakeReader();
  }

  #fail(error: unknown): void {
    if (!this.#failed) this.#error = error;
    this.#failed = true;
    this.#wakeWriter();
  }
}

function invalid(field: string, message: string): Error {
  const violations = [{ field, message }];
  const first = `${field}: ${message}`;
  return meshErrors.invalidRequest({ rpc: "RuntimeService.Deliver", first, count: 1 }, { violations });
}
