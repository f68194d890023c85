/**
 * The stream to the owner of one pool. After a break it is opened again, to the owner at that time. Messages
 * are sent in batches, one per turn of the event loop.
 */
import { type dispatchService, type OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import { backoffMs, errorFromUnknown, type Foundation, Notifier, sleep } from "@tutti/kernel";
import { type Client, declareWeight, meshErrors } from "@tutti/mesh";
import { weightOf } from "./messages.ts";
import { Outages } from "./outages.ts";
import type { PoolSender } from "./pool-sender.ts";

export interface PoolStreamParts {
  readonly pool: { readonly namespace: string; readonly name: string };
  readonly sender: PoolSender;
  /** Name of the sending service. */
  readonly service: string;
  readonly dispatch: Pick<Client<typeof dispatchService>, "offer">;
  /** Instance id of this process. */
  readonly instanceId: string;
  readonly foundation: Pick<Foundation, "timers" | "chance" | "logger" | "clock">;
}

const offerVersion = 1;
const backoff = { firstMs: 50, maxMs: 5_000 };
/** Maximum interval of messages to the owner. */
const keepaliveMs = 5_000;

export class PoolStream {
  readonly #parts: PoolStreamParts;
  readonly #bell = new Notifier();
  readonly #stopping = new AbortController();
  /** Times in which nothing could be sent to the pool. */
  readonly outages = new Outages();
  #ended: Promise<void> = Promise.resolve();

  constructor(parts: PoolStreamParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#bell.notify();
    await this.#ended;
  }

  /** Called when there is something to send. */
  wake(): void {
    this.#bell.notify();
  }

  async #run(): Promise<void> {
    const { sender, foundation, pool } = this.#parts;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (await this.#runStream()) failures = 0;
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        this.outages.record(error, pool.name, foundation.clock.now());
        // An owner that stops gracefully is no fault.
        const level = meshErrors.interrupted.is(error) ? "info" : "warn";
        // Logged once: this is expected while a new owner is not known yet.
        if (failures === 0 && !signal.aborted)
          foundation.logger[level]("the stream to a pool broke, and is opened again", { ...pool, error });
      }
      sender.close();
      failures++;
      await sleep(foundation.timers, backoffMs(backoff, failures, foundation.chance), signal).catch(() => {});
    }
  }

  /** Runs one stream from its greeting to its end. Returns whether the owner accepted it. */
  async #runStream(): Promise<boolean> {
    const { sender, dispatch, foundation } = this.#parts;
    const ending = new AbortController();
    const stop = () => ending.abort();
    this.#stopping.signal.addEventListener("abort", stop, { once: true });
    const sign = foundation.timers.every(keepaliveMs, () => this.#requestKeepAlive());
    let isWelcome = false;
    try {
      for await (const reply of dispatch.offer(this.#requests(ending.signal), { signal: ending.signal })) {
        if (reply.welcome !== undefined) {
          isWelcome = true;
          this.outages.recordRecovery(foundation.clock.now());
          sender.open();
        }
        if (hasMoved(reply)) break;
        sender.receive(reply);
      }
    } finally {
      sign.cancel();
      this.#stopping.signal.removeEventListener("abort", stop);
      ending.abort();
      this.#bell.notify();
    }
    return isWelcome;
  }

  #isKeepAliveDue = false;

  #requestKeepAlive(): void {
    this.#isKeepAliveDue = true;
    this.#bell.notify();
  }

  async *#requests(signal: AbortSignal): AsyncGenerator<OfferRequest> {
    const { pool, service, instanceId, sender } = this.#parts;
    const { namespace, name } = pool;
    const hello = { version: offerVersion, instanceId, service, namespace, pool: name };
    yield { ...OfferRequest.create(), hello };
    while (!signal.aborted) {
      const request = sender.next();
      if (request !== undefined) yield weighed(request);
      else if (this.#isKeepAliveDue) {
        this.#isKeepAliveDue = false;
        yield OfferRequest.create();
      } else await this.#bell.notified();
    }
  }
}

/** Sets the size of a request: to visit its many offers again costs as much as to make them. */
function weighed(request: OfferRequest): OfferRequest {
  const bytesMax = weightOf(request);
  return bytesMax === undefined ? request : declareWeight(request, bytesMax);
}

function hasMoved({ moved }: OfferReply): boolean {
  return moved.length > 0;
}
