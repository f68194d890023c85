import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { codecOf } from "../codec.ts";
import { dispatchService } from "../generated/swarm/v1.ts";
import { Offer, OfferRequest } from "../generated/tutti/swarm/v1/offer.ts";
import { EncodedOffer, isOfferOf } from "./encoded-offer.ts";
import { dailyOfferRequests, offerRequests } from "./messages.fixture.ts";
import { readOfferRequest } from "./offer-requests.ts";

const codec = codecOf(OfferRequest);

/** Reads every field of every offer. */
function read(bytes: Uint8Array): OfferRequest {
  const request = readOfferRequest(bytes);
  return { ...request, offers: request.offers.map(opened) };
}

function opened(offer: Offer): Offer {
  const decoded = Offer.create() as unknown as Record<string, unknown>;
  for (const key of Object.keys(decoded)) decoded[key] = offer[key as keyof Offer];
  return decoded as unknown as Offer;
}

/** Undefined if they are refused. */
function readOrRefused(bytes: Uint8Array): OfferRequest | undefined {
  try {
    return read(bytes);
  } catch (error) {
    assert.ok(error instanceof Error);
    return;
  }
}

describe("requests of senders read by the hand-written decoder", () => {
  it("are the messages that the generated decoder reads, with rare fields and without", () => {
    for (const requests of [offerRequests, dailyOfferRequests]) {
      fc.assert(
        fc.property(requests, (request) => {
          const bytes = codec.encode(request);
          assert.deepEqual(read(bytes), codec.decode(bytes));
          // As transports return them: a Buffer in the middle of a larger one.
          const received = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
          assert.deepEqual(codec.encode(readOfferRequest(received)), bytes);
        }),
        { numRuns: 60 },
      );
    }
  });

  it("keep offers with common fields as bytes", () => {
    fc.assert(
      fc.property(dailyOfferRequests, (request) => {
        const { offers } = readOfferRequest(codec.encode(request));
        assert.ok(offers.every((offer) => offer instanceof EncodedOffer));
      }),
      { numRuns: 20 },
    );
  });

  it("with any byte changed give the same as the generated decoder, or are refused", () => {
    fc.assert(
      fc.property(dailyOfferRequests, fc.nat(), fc.nat(255), (request, place, value) => {
        const bytes = codec.encode(request);
        if (bytes.length > 0) bytes[place % bytes.length] = value;
        const ours = readOrRefused(bytes);
        if (ours !== undefined) assert.deepEqual(ours, codec.decode(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it("cut off anywhere are refused or have fewer fields", () => {
    const bytes = codec.encode(fc.sample(dailyOfferRequests, { numRuns: 1, seed: 7 })[0] as OfferRequest);
    for (let length = 0; length < bytes.length; length++) {
      const part = bytes.subarray(0, length);
      const ours = readOrRefused(part);
      if (ours !== undefined) assert.deepEqual(ours, codec.decode(part));
    }
  });

  it("are read so by the contract of the stream", () => {
    assert.equal(dispatchService.methods.offer.request.decode, readOfferRequest);
  });
});

describe("an encoded offer", () => {
  const encodedOf = (workId: string, taskId: string): EncodedOffer => {
    const offer = Offer.fromPartial({ token: new Uint8Array(16), workId, taskId, traceparent: "x" });
    const [encoded] = readOfferRequest(codec.encode({ ...OfferRequest.create(), offers: [offer] })).offers;
    assert.ok(encoded instanceof EncodedOffer);
    return encoded;
  };
  const names = (offer: EncodedOffer, work: string, task: string): boolean =>
    isOfferOf(offer.bytes, offer.start, offer.end, Buffer.from(work), Buffer.from(task));

  it("is known by its work and its task without being decoded", () => {
    const offer = encodedOf("run-\u00e4", "t1");
    assert.equal(names(offer, "run-\u00e4", "t1"), true);
    assert.equal(names(offer, "run-a", "t1"), false);
    assert.equal(names(offer, "run-\u00e4", "t2"), false);
    assert.equal(names(offer, "run-\u00e4", ""), false);
    assert.equal(names(encodedOf("run", ""), "run", ""), true);
  });
});
