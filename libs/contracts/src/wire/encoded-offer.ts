import type { Offer } from "../generated/tutti/swarm/v1/offer.ts";
import { Cursor } from "./cursor.ts";

/** Tags: the number of a field and its wire type. 0 is a varint, 1 a double, 2 a length-delimited value. */
export const offerTags = {
  token: 10,
  profile: 16,
  inlineInput: 26,
  attempt: 32,
  priority: 40,
  waitedMs: 49,
  workId: 58,
  taskId: 66,
  idempotencyKey: 74,
  traceparent: 82,
  saved: 90,
  totalMs: 97,
  dueMs: 113,
} as const;

const nothing = new Uint8Array(0);
/** Always empty: offers with entries are decoded by the generated code. */
const emptyList: never[] = [];
Object.freeze(emptyList);

/**
 * An offer with the common fields, within the request that contains it: long fields are decoded on their first read.
 */
export class EncodedOffer implements Offer {
  /** The request, and the place of the offer in it. Must not be changed. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Start and end of its token. */
  tokenStart = 0;
  tokenEnd = 0;
  /** Start and end of its input. Below 0 if it has none. */
  inputStart = -1;
  inputEnd = 0;
  profile = 0;
  attempt = 0;
  priority = 0;
  waitedMs = 0;
  totalMs = 0;
  dueMs = 0;
  readonly labels: Offer["labels"] = emptyList;
  readonly limits: Offer["limits"] = emptyList;
  readonly budget = undefined;
  readonly accessToken = "";
  readonly contextKey = "";
  readonly stickyKey = "";
  readonly onlyAgents: string[] = emptyList;
  readonly notAgents: string[] = emptyList;
  readonly share = undefined;
  readonly gang = undefined;
  #token: Uint8Array | undefined;
  #input: Offer["input"];
  #opened: Offer | undefined;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  get token(): Uint8Array {
    this.#token ??= viewOf(this.bytes, this.tokenStart, this.tokenEnd);
    return this.#token;
  }
  get input() {
    // The check of a request reads it, and no other long field.
    if (this.inputStart >= 0)
      this.#input ??= { $case: "inlineInput", value: viewOf(this.bytes, this.inputStart, this.inputEnd) };
    return this.#input;
  }
  get workId() {
    return this.#offer.workId;
  }
  get taskId() {
    return this.#offer.taskId;
  }
  get idempotencyKey() {
    return this.#offer.idempotencyKey;
  }
  get traceparent() {
    return this.#offer.traceparent;
  }
  get saved() {
    return this.#offer.saved;
  }

  get #offer(): Offer {
    this.#opened ??= openOffer(this.bytes, this.start, this.end);
    return this.#opened;
  }
}

/** Decodes the encoded offer at a place. Bytes in it are views. */
export function openOffer(bytes: Uint8Array, start: number, end: number): Offer {
  const cursor = new Cursor(bytes);
  cursor.at = start;
  const offer = emptyOffer();
  while (cursor.at < end) {
    switch (cursor.uint32()) {
      case offerTags.token:
        offer.token = cursor.view();
        break;
      case offerTags.profile:
        offer.profile = cursor.uint32();
        break;
      case offerTags.inlineInput:
        offer.input = { $case: "inlineInput", value: cursor.view() };
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
      case offerTags.workId:
        offer.workId = cursor.string();
        break;
      case offerTags.taskId:
        offer.taskId = cursor.string();
        break;
      case offerTags.idempotencyKey:
        offer.idempotencyKey = cursor.string();
        break;
      case offerTags.traceparent:
        offer.traceparent = cursor.string();
        break;
      case offerTags.saved:
        offer.saved = cursor.view();
        break;
      case offerTags.totalMs:
        offer.totalMs = cursor.double();
        break;
      case offerTags.dueMs:
        offer.dueMs = cursor.double();
        break;
    }
  }
  return offer;
}

/** Returns whether an encoded offer has this work and this task, both as UTF-8. Allocates nothing. */
export function isOfferOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  work: Uint8Array,
  task: Uint8Array,
): boolean {
  const cursor = new Cursor(bytes);
  cursor.at = start;
  let isOfWork = work.length === 0;
  let isOfTask = task.length === 0;
  while (cursor.at < end) {
    const tag = cursor.uint32();
    if (tag === offerTags.workId) isOfWork = cursor.isNext(work);
    else if (tag === offerTags.taskId) isOfTask = cursor.isNext(task);
    else cursor.skip(tag);
  }
  return isOfWork && isOfTask;
}

function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

function emptyOffer(): Offer {
  return {
    token: nothing,
    profile: 0,
    input: undefined,
    attempt: 0,
    priority: 0,
    waitedMs: 0,
    workId: "",
    taskId: "",
    idempotencyKey: "",
    traceparent: "",
    saved: nothing,
    totalMs: 0,
    labels: emptyList,
    dueMs: 0,
    limits: emptyList,
    budget: undefined,
    accessToken: "",
    contextKey: "",
    stickyKey: "",
    onlyAgents: emptyList,
    notAgents: emptyList,
    share: undefined,
    gang: undefined,
  };
}
