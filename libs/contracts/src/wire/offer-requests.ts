import { codecOf } from "../codec.ts";
import { Offer, OfferRequest } from "../generated/tutti/swarm/v1/offer.ts";
import { Cursor } from "./cursor.ts";
import { EncodedOffer, offerTags } from "./encoded-offer.ts";

/**
 * Decodes the requests of senders, with hand-written code for hot messages. An offer with the common fields stays
 * encoded, and only the fields that order the queue are read: most offers wait, and some are returned before the rest
 * is read.
 *
 * 1. The generated decoders handle rare cases: an offer with any other field, and everything else in a request.
 * 2. An offer that stays bytes is read to its end, so that decoding it later cannot fail.
 */
export function readOfferRequest(bytes: Uint8Array): OfferRequest {
  const cursor = new Cursor(bytes);
  const offers: Offer[] = [];
  let durable = 0;
  /** All fields except offers and results, one after the other. */
  let others: Uint8Array[] | undefined;
  while (cursor.at < bytes.length) {
    const start = cursor.at;
    const tag = cursor.uint32();
    switch (tag) {
      case requestTags.offers:
        offers.push(readOffer(cursor, cursor.endOfLength()));
        break;
      case requestTags.resultsDurable:
        durable = cursor.uint32();
        break;
      default:
        if (!cursor.skip(tag)) return requests.decode(bytes);
        others ??= [];
        others.push(bytes.subarray(start, cursor.at));
    }
  }
  const request = others === undefined ? OfferRequest.create() : requests.decode(joined(others));
  request.offers = offers;
  request.resultsDurable = durable;
  return request;
}

function readOffer(cursor: Cursor, end: number): Offer {
  const start = cursor.at;
  const offer = new EncodedOffer(cursor.bytes, start, end);
  while (cursor.at < end) {
    switch (cursor.uint32()) {
      case offerTags.token:
        offer.tokenEnd = cursor.endOfLength();
        offer.tokenStart = cursor.at;
        cursor.at = offer.tokenEnd;
        break;
      case offerTags.profile:
        offer.profile = cursor.uint32();
        break;
      case offerTags.inlineInput:
        offer.inputEnd = cursor.endOfLength();
        offer.inputStart = cursor.at;
        cursor.at = offer.inputEnd;
        break;
      case offerTags.workId:
      case offerTags.taskId:
      case offerTags.idempotencyKey:
      case offerTags.traceparent:
      case offerTags.saved:
        cursor.at = cursor.endOfLength();
        break;
      case offerTags.attempt:
        offer.attempt = cursor.uint32();
        break;
      case offerTags.priority:
        offer.priority = cursor.sint32();
        break;
      case offerTags.waitedMs:
        offer.waitedMs = cursor.double();
        break;
      case offerTags.totalMs:
        offer.totalMs = cursor.double();
        break;
      case offerTags.dueMs:
        offer.dueMs = cursor.double();
        break;
      default:
        cursor.at = end;
        return offersByRule.decode(cursor.bytes.subarray(start, end));
    }
  }
  if (cursor.at !== end)
    throw new RangeError(`expected an offer to end at byte ${end}, got a field that ends at ${cursor.at}`);
  return offer;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

const requests = codecOf(OfferRequest);
const offersByRule = codecOf(Offer);

const requestTags = { offers: 34, resultsDurable: 72 } as const;
