import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dispatchService, Offer, OfferRequest } from "@tutti/contracts/swarm/v1";
import { EncodedOffer } from "@tutti/contracts/wire";
import { Arena, tokenOf } from "../testing/arena.ts";
import { type OfferSlab, OfferStore } from "./offer-store.ts";

const { encode, decode } = dispatchService.methods.offer.request;

/** A waiting task, as an offer store knows it. */
class Waiting {
  readonly #store: OfferStore;
  #slab: OfferSlab;
  #start: number;
  readonly #length: number;
  #isRemoved = false;

  constructor(store: OfferStore, offer: EncodedOffer) {
    this.#store = store;
    this.#slab = store.add(offer, this);
    this.#start = this.#slab.lastStart;
    this.#length = offer.end - offer.start;
  }

  get bytes(): Uint8Array {
    return this.#slab.bytes.subarray(this.#start, this.#start + this.#length);
  }

  moveOffer(): void {
    if (this.#isRemoved || !this.#slab.isSparse) return;
    const slab = this.#store.copy(this.#slab.bytes, this.#start, this.#start + this.#length);
    this.#slab.free(this.#length);
    this.#slab = slab;
    this.#start = slab.lastStart;
  }

  remove(): void {
    this.#isRemoved = true;
    this.#slab.free(this.#length);
  }
}

function arrive(count: number, inputBytes: number): EncodedOffer[] {
  const offers = Array.from({ length: count }, (_, number) =>
    Offer.fromPartial({
      token: tokenOf(number),
      profile: 1,
      input: { $case: "inlineInput", value: new Uint8Array(inputBytes).fill(number) },
    }),
  );
  return decode(encode({ ...OfferRequest.create(), offers })).offers.map((offer) => {
    assert.ok(offer instanceof EncodedOffer);
    return offer;
  });
}

describe("waiting offers, kept as received bytes", () => {
  const sizes = [
    { title: "single small ones", count: 1, inputBytes: 100 },
    { title: "many in one request", count: 256, inputBytes: 100 },
    { title: "large ones", count: 1, inputBytes: 300_000 },
  ];
  for (const { title, count, inputBytes } of sizes) {
    it(`take at most twice their size plus slack, after any removals: ${title}`, () => {
      const store = new OfferStore();
      const waiting = new Set<Waiting>();
      const table = { values: () => waiting };
      for (let request = 0; request < 400; request++) {
        for (const offer of arrive(count, inputBytes)) waiting.add(new Waiting(store, offer));
        // All tasks but one of each request leave.
        for (const task of [...waiting].slice(-count + 1)) {
          if (count === 1 && request % 4 > 0) break;
          task.remove();
          waiting.delete(task);
        }
        store.tidy(table);
        assert.ok(store.retainedBytes <= 2 * store.usedBytes + 16_777_216, `${store.retainedBytes} bytes`);
      }
      const bytes = [...waiting].reduce((sum, task) => sum + task.bytes.length, 0);
      assert.equal(store.usedBytes, bytes);
      for (const task of waiting) task.remove();
      assert.deepEqual([store.usedBytes, store.retainedBytes], [0, 0]);
    });
  }

  it("are assigned as they were offered, after a turn that moved them", () => {
    const arena = new Arena({ window: 1_000 });
    const sender = arena.sender();
    const input = { $case: "inlineInput" as const, value: Uint8Array.of(1, 2, 3) };
    sender.offer([1, 2, 3], {}, { input, traceparent: "t", idempotencyKey: "k", totalMs: 60_000 });
    arena.turn();
    sender.offer(4, {}, { input, saved: Uint8Array.of(9) });
    arena.turn();
    const agent = arena.agent("a", { slots: 9 });
    arena.turn();
    assert.deepEqual(agent.taskNumbers, [1, 2, 3, 4]);
    const [first, , , last] = agent.assigned;
    assert.deepEqual([...((first?.input?.value as Uint8Array) ?? [])], [1, 2, 3]);
    assert.deepEqual(
      [first?.workId, first?.taskId, first?.traceparent, first?.idempotencyKey],
      ["run-1", "t1", "t", "k"],
    );
    assert.deepEqual([...(last?.saved ?? [])], [9]);
  });
});
