import type { Assign } from "@tutti/contracts/agent/v1";
import { type Offer, OfferReply } from "@tutti/contracts/swarm/v1";
import { batch, frameOf, newOffer, tokenOf } from "./rig.ts";

/**
 * The least that a pool with these messages does: first come, first served by one agent, tokens in a map, nothing durable,
 * nobody ever gone.
 */
export class Floor {
  readonly #tasks = new Map<string, Offer>();
  #queue: Offer[] = [];
  #head = 0;
  #tokens = 0;
  #given: Assign[] = [];

  constructor(queued: number) {
    for (let made = 0; made < queued + batch; made++) this.#offer();
  }

  /** So many tasks all the way. */
  step(count: number): void {
    for (let made = 0; made < count; made++) this.#offer();
    this.#given = [];
    for (let given = 0; given < count; given++) {
      const offer = this.#queue[this.#head++];
      if (offer !== undefined) this.#given.push(assignmentOf(offer));
    }
    if (this.#head > 20_000) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    const { results } = frameOf(this.#given.map(({ token }) => token));
    const reply = OfferReply.create();
    for (const result of results) if (this.#tasks.delete(keyOf(result.token))) reply.results.push(result);
  }

  #offer(): void {
    const offer = newOffer(tokenOf(++this.#tokens));
    this.#tasks.set(keyOf(offer.token), offer);
    this.#queue.push(offer);
  }
}

function keyOf(token: Uint8Array): string {
  return String.fromCharCode.apply(String, token as unknown as number[]);
}

function assignmentOf(offer: Offer): Assign {
  const { token, input, attempt, workId, taskId, idempotencyKey, traceparent, saved, totalMs } = offer;
  const { labels, budget, accessToken, contextKey } = offer;
  return {
    token,
    capability: 1,
    input,
    attempt,
    runMs: 0,
    heartbeatMs: 0,
    workId,
    taskId,
    idempotencyKey,
    traceparent,
    saved,
    totalMs,
    labels,
    namespace: "",
    workKind: "",
    budget,
    accessToken,
    contextKey,
  };
}
