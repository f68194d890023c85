/**
 * The stream over which a process offers tasks to the owner of the pool, as over its mesh: all messages are
 * delayed and keep their order. Messages in flight are lost when it breaks.
 */
import { OfferReply, type OfferRequest } from "@tutti/contracts/swarm/v1";
import { Notifier } from "@tutti/kernel";
import { type OfferStream, openOfferStream } from "@tutti/matching";
import type { PoolScene } from "../pools/pool-scene.ts";
import type { PoolsChecks } from "../pools/pools-checks.ts";
import type { SimulatedOwner } from "../pools/simulated-owner.ts";
import { keyOf } from "../pools/tokens.ts";
import { Wire } from "../pools/wire.ts";
import type { Life } from "../world/process.ts";
import type { World } from "../world/world.ts";

export interface OfferCallParts {
  readonly world: World;
  readonly scene: PoolScene;
  readonly checks: PoolsChecks;
  readonly owner: SimulatedOwner;
  readonly life: Life;
  /** The sending process. */
  readonly sender: string;
}

/** Time until an owner notices a disconnected sender. */
const noticedMs = 400;

export class OfferCall {
  readonly #parts: OfferCallParts;
  readonly #up: Wire;
  readonly #down: Wire;
  readonly #generation: number;
  readonly #replies: OfferReply[] = [];
  readonly #bell = new Notifier();
  readonly #namespaces = new Map<number, string>();
  /** Tokens of results that are not durable, by their numbers. */
  readonly #results = new Map<number, string>();
  #resultsSent = 0;
  #stream: OfferStream | undefined;
  #isOver = false;

  constructor(parts: OfferCallParts) {
    this.#parts = parts;
    this.#up = new Wire(parts.scene);
    this.#down = new Wire(parts.scene);
    this.#generation = parts.owner.generation;
  }

  async *talk(
    requests: AsyncIterable<OfferRequest>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<OfferReply> {
    signal?.addEventListener("abort", () => this.lose(), { once: true });
    this.#sendRequests(requests).catch((error: unknown) =>
      this.#parts.scene.found("exception", String(error)),
    );
    try {
      while (!this.#isOver) {
        const reply = this.#replies.shift();
        if (reply === undefined) await this.#bell.notified();
        else yield reply;
      }
    } finally {
      this.lose();
    }
    if (signal?.aborted !== true) throw new Error("the stream to the pool broke");
  }

  /** Breaks the stream, for any reason. */
  lose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#break();
    this.#bell.notify();
  }

  /** Ends the stream because the process died: nothing is reported any more. */
  die(): void {
    this.#isOver = true;
    this.#break();
  }

  #break(): void {
    const { scene, owner } = this.#parts;
    this.#up.break();
    this.#down.break();
    scene.after(scene.draw(1, noticedMs), () => {
      if (this.#generation !== owner.generation) return;
      this.#parts.checks.fairness.closed(this);
      this.#stream?.close(scene.nowMs);
      owner.scheduleTurn();
    });
  }

  async #sendRequests(requests: AsyncIterable<OfferRequest>): Promise<void> {
    const { life } = this.#parts;
    for await (const request of requests) {
      if (this.#isOver || !life.isAlive) return;
      const copy = structuredClone(request);
      life.emit(0, () => this.#up.send(() => this.#arrive(copy)));
    }
  }

  #arrive(request: OfferRequest): void {
    const { owner, scene, checks, life } = this.#parts;
    if (owner.pool === undefined || owner.generation !== this.#generation) {
      this.#answerNothing();
      return;
    }
    if (request.hello !== undefined) this.#open();
    // The pool assigns them only after they are offered again, possibly in this request.
    for (const token of request.released) checks.fairness.recordRemoval(keyOf(token), this);
    for (const { number, namespace } of request.profiles) this.#namespaces.set(number, namespace);
    for (const { token, profile } of request.offers) {
      checks.fairness.offered(this.#namespaces.get(profile) ?? "", keyOf(token), this);
      checks.late.offered(keyOf(token), life);
    }
    this.#recordDurable(request);
    for (const { token } of request.cancels) checks.fairness.withdrawn(keyOf(token));
    const received = scene.weakening.offered?.(request) ?? request;
    const refusal = this.#stream?.receive({ ...received, hello: undefined }, scene.nowMs);
    if (refusal !== undefined) scene.found("protocol", `a sender is refused: ${refusal.message}`);
    owner.scheduleTurn();
  }

  #open(): void {
    const { owner, scene, sender, checks } = this.#parts;
    if (owner.pool === undefined) return;
    this.#reply({ ...OfferReply.create(), welcome: { version: 1, instanceId: "owner", begunAfterMs: 10 } });
    const stream = openOfferStream(sender, {
      send: (reply) => {
        for (const { token } of [...reply.results, ...reply.returned])
          checks.fairness.recordRemoval(keyOf(token), this);
        for (const { token } of reply.results) this.#results.set(++this.#resultsSent, keyOf(token));
        this.#reply(structuredClone(reply));
      },
    });
    const refusal = stream.open(1, owner.pool);
    if (refusal !== undefined) scene.found("protocol", `a stream is refused: ${refusal.message}`);
    this.#stream = stream;
  }

  #recordDurable({ resultsDurable, resultsDurableBeyond }: OfferRequest): void {
    const { checks, life, world } = this.#parts;
    for (const [number, token] of this.#results) {
      if (number > resultsDurable && !resultsDurableBeyond.includes(number)) continue;
      this.#results.delete(number);
      checks.late.recordSettled(token, life, world.elapsedMs);
    }
  }

  #reply(reply: OfferReply): void {
    const { life } = this.#parts;
    this.#down.send(() =>
      life.schedule(0, () => {
        this.#replies.push(reply);
        this.#bell.notify();
      }),
    );
  }

  /** Answers as a process that does not own the pool. */
  #answerNothing(): void {
    this.#parts.life.schedule(0, () => this.lose());
  }
}
