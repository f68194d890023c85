import type { HistoryRecord } from "../../port.ts";
import { type ByteSink, ByteSource } from "./byte-sink.ts";

/**
 * Events of one instance as bytes. The common prefix of its records is stored once. A cause is left out if the record
 * before has the same one.
 */
export interface PlainEvent {
  readonly event: number;
  readonly timeMs: number;
  readonly batch: number;
  readonly index: number;
  /** The record without its key lies from `keyEnd` to `end` here. Its cause lies from `causeStart` to `causeEnd`. */
  readonly bytes: Uint8Array;
  readonly keyEnd: number;
  readonly end: number;
  readonly causeStart: number;
  readonly causeEnd: number;
  /** The field with the cause if an earlier record has the same one, including its tag. */
  readonly cause: Uint8Array;
  readonly sharedStart: number;
  readonly sharedEnd: number;
}

/** Writes one chunk after the other into a sink. */
export class ChunkWriter {
  readonly #sink: ByteSink;
  #batch = 0;
  #timeMs = 0;
  #event = 0;
  #cause: Uint8Array = nothing;
  #causeStart = 0;
  #causeEnd = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  startChunk(prefix: Uint8Array, from = 0, to: number = prefix.length): void {
    this.#sink.bytes(prefix, from, to);
    this.#batch = 0;
    this.#timeMs = 0;
    this.#event = 0;
    this.#cause = nothing;
    this.#causeStart = 0;
    this.#causeEnd = 0;
  }

  add(plainEvent: PlainEvent): void {
    const sink = this.#sink;
    const { bytes, keyEnd, end, causeStart, causeEnd, cause, sharedStart, sharedEnd } = plainEvent;
    sink.number(plainEvent.event - this.#event);
    sink.number(plainEvent.batch - this.#batch);
    sink.number(plainEvent.index);
    sink.number(plainEvent.timeMs - this.#timeMs);
    this.#event = plainEvent.event;
    this.#batch = plainEvent.batch;
    this.#timeMs = plainEvent.timeMs;
    const isOwn = causeEnd > 0;
    sink.number(end - keyEnd - (causeEnd - causeStart));
    if (isOwn) {
      sink.part(bytes, keyEnd, causeStart);
      sink.part(bytes, causeEnd, end);
      this.#addCause(bytes, causeStart, causeEnd);
    } else {
      sink.part(bytes, keyEnd, end);
      this.#addCause(cause, sharedStart, sharedEnd);
    }
  }

  /** Writes the length of the cause, or 0 if it is that of the event before. */
  #addCause(bytes: Uint8Array, from: number, to: number): void {
    if (sameBytes(this.#cause, this.#causeStart, this.#causeEnd, bytes, from, to)) {
      this.#sink.number(0);
      return;
    }
    this.#sink.bytes(bytes, from, to);
    this.#cause = bytes;
    this.#causeStart = from;
    this.#causeEnd = to;
  }
}

/** Returns the events of a chunk, in order. */
export function* eventsOf(chunk: Uint8Array, start = 0, end: number = chunk.length): Generator<PlainEvent> {
  const source = new ByteSource(chunk, start);
  source.view();
  let event = 0;
  let batch = 0;
  let timeMs = 0;
  let cause: Uint8Array = nothing;
  while (source.at < end) {
    event += source.number();
    batch += source.number();
    const index = source.number();
    timeMs += source.number();
    const bytes = source.view();
    const own = source.view();
    if (own.length > 0) cause = own;
    yield {
      event,
      timeMs,
      batch,
      index,
      bytes,
      keyEnd: 0,
      end: bytes.length,
      causeStart: 0,
      causeEnd: 0,
      cause,
      sharedStart: 0,
      sharedEnd: cause.length,
    };
  }
}

/** Returns the common prefix of the records of a chunk. */
export function prefixOf(chunk: Uint8Array, start = 0): Uint8Array {
  return new ByteSource(chunk, start).view();
}

/** Returns an event as history shows it: the complete record, with its cause at the end. */
export function recordOf(prefix: Uint8Array, plainEvent: PlainEvent): HistoryRecord {
  const { event, timeMs, batch, index, bytes, cause } = plainEvent;
  const record = new Uint8Array(prefix.length + bytes.length + cause.length);
  record.set(prefix);
  record.set(bytes, prefix.length);
  record.set(cause, prefix.length + bytes.length);
  return { event, timeMs, place: { batch, index }, record };
}

function sameBytes(
  one: Uint8Array,
  oneFrom: number,
  oneTo: number,
  other: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (oneTo - oneFrom !== to - from) return false;
  if (one === other && oneFrom === from) return true;
  for (let at = 0; at < to - from; at++) if (one[oneFrom + at] !== other[from + at]) return false;
  return true;
}

const nothing = new Uint8Array(0);
