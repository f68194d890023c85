import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dispatchService, Offer, OfferRequest } from "@tutti/contracts/swarm/v1";
import { EncodedOffer } from "@tutti/contracts/wire";
import { Arena, tokenOf } from "../testing/arena.ts";
import { OfferShelf, type OfferSlab } from "./shelf.ts";

const { encode, decode } = dispatchService.methods.offer.request;

/** A waiting task, as a shelf knows it. */
class Waiting {
  readonly #shelf: OfferShelf;
  #slab: OfferSlab;
  #start: number;
  readonly #length: number;
  #isGone = false;

  constructor(shelf: OfferShelf, offer: EncodedOffer) {
    this.#shelf = shelf;
    this.#slab = shelf.put(offer, this);
    this.#start = this.#slab.lastStart;
    this.#length = offer.end - offer.start;
  }

  get bytes(): Uint8Array {
    return this.#slab.bytes.subarray(this.#start, this.#start + this.#length);
  }

  moveOffer(): void {
    if (this.#isGone || !this.#slab.isSparse) return;
    const slab = this.#shelf.copy(this.#slab.bytes, this.#start, this.#start + this.#length);
    this.#slab.leave(this.#length);
    this.#slab = slab;
    this.#start = slab.lastStart;
  }

  leave(): void {
    this.#isGone = true;
    this.#slab.leave(this.#length);
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

describe("waiting offers, as the bytes that came", () => {
  const sizes = [
    { title: "single small ones", count: 1, inputBytes: 100 },
    { title: "many in one request", count: 256, inputBytes: 100 },
    { title: "large ones", count: 1, inputBytes: 300_000 },
  ];
  for (const { title, count, inputBytes } of sizes) {
    it(`takes no more than twice its size, and some slack, after any removals: ${title}`, () => {
      const shelf = new OfferShelf();
      const waiting = new Set<Waiting>();
      const table = { values: () => waiting };
      for (let request = 0; request < 400; request++) {
        for (const offer of arrive(count, inputBytes)) waiting.add(new Waiting(shelf, offer));
        // All tasks but one of each request leave.
        for (const one of [...waiting].slice(-count + 1)) {
          if (count === 1 && request % 4 > 0) break;
          one.leave();
          waiting.delete(one);
        }
        shelf.tidy(table);
        assert.ok(shelf.keptBytes <= 2 * shelf.usedBytes + 16_777_216, `${shelf.keptBytes} bytes`);
      }
      const bytes = [...waiting].reduce((sum, one) => sum + one.bytes.length, 0);
      assert.equal(shelf.usedBytes, bytes);
      for (const one of waiting) one.leave();
      assert.deepEqual([shelf.usedBytes, shelf.keptBytes], [0, 0]);
    });
  }

  it("is given out as it was offered, after a turn in which it was moved", () => {
    const arena = new Arena({ window: 1_000 });
    const sender = arena.sender();
    const input = { $case: "inlineInput" as const, value: Uint8Array.of(1, 2, 3) };
    sender.offer([1, 2, 3], {}, { input, traceparent: "t", idempotencyKey: "k", totalMs: 60_000 });
    arena.turn();
    sender.offer(4, {}, { input, saved: Uint8Array.of(9) });
    arena.turn();
    const agent = arena.agent("a", { slots: 9 });
    arena.turn();
    assert.deepEqual(agent.given, [1, 2, 3, 4]);
    const [first, , , last] = agent.assigned;
    assert.deepEqual([...((first?.input?.value as Uint8Array) ?? [])], [1, 2, 3]);
    assert.deepEqual(
      [first?.workId, first?.taskId, first?.traceparent, first?.idempotencyKey],
      ["run-1", "t1", "t", "k"],
    );
    assert.deepEqual([...(last?.saved ?? [])], [9]);
  });
});
