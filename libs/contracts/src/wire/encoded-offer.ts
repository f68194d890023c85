import type { Offer } from "../generated/tutti/swarm/v1/offer.ts";
import { Cursor } from "./cursor.ts";

/** A field's number and how it is written: 0 a number, 1 a double, 2 something with its length before it. */
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
/** Never filled: offers that have some are decoded by rule. */
const none: never[] = [];
Object.freeze(none);

/**
 * An offer with the fields of every day, within the request that brought it: what is long is decoded when one looks at
 * it.
 */
export class EncodedOffer implements Offer {
  /** The request, and where the offer is in it. Not to be changed. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Where the bytes of its token start and end. */
  tokenStart = 0;
  tokenEnd = 0;
  /** The same of its input. Below 0 when it has none. */
  inputStart = -1;
  inputEnd = 0;
  profile = 0;
  attempt = 0;
  priority = 0;
  waitedMs = 0;
  totalMs = 0;
  dueMs = 0;
  readonly labels: Offer["labels"] = none;
  readonly limits: Offer["limits"] = none;
  readonly budget = undefined;
  readonly accessToken = "";
  readonly contextKey = "";
  readonly stickyKey = "";
  readonly onlyAgents: string[] = none;
  readonly notAgents: string[] = none;
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
    // The check of a request looks at it, and at nothing else that is long.
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

/** What is at a place that an encoded offer had. What is bytes in it are views. */
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

/** Returns whether an encoded offer names this work and this task. Both as UTF-8. Nothing is made of it. */
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
    labels: none,
    dueMs: 0,
    limits: none,
    budget: undefined,
    accessToken: "",
    contextKey: "",
    stickyKey: "",
    onlyAgents: none,
    notAgents: none,
    share: undefined,
    gang: undefined,
  };
}
