/**
 * Outgoing messages of a link. The messages of a turn share one frame. Frames are in order, and are kept until they are
 * acknowledged.
 *
 * 1. A message is encoded once, directly into the open frame. The bytes of a frame never change after that, so a frame is
 *    repeated byte for byte after a lost stream.
 * 2. No frame is larger than the limit of the host. Unacknowledged frames stay within the limits of the protocol. Further
 *    messages wait here.
 * 3. No code here knows a stream or a clock.
 */
import { FlatWriter } from "@tutti/contracts/wire";
import { LinkBroken } from "./link-broken.ts";
import { after, stepsTo } from "./sequence.ts";

interface Sealed {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/**
 * A message that may have to be repeated without its frame. Holds its position in the frame, and the bytes of the frame
 * as soon as it is sealed.
 */
export class RetainedMessage {
  readonly token: string;
  frame: Uint8Array | undefined;
  start: number;
  end: number;
  /** True if it became durable before earlier results. */
  isDurable = false;

  constructor(token: string, start: number, end: number) {
    this.token = token;
    this.start = start;
    this.end = end;
  }
}

const framesMax = 1_024;
const bytesMax = 16 * 1024 * 1024;
/** Reserved for number, acknowledgement and credit. */
const headBytesMax = 32;
const tags = { sequence: 8, acknowledged: 16, credit: 56 } as const;

export class Outbox {
  readonly #writer = new FlatWriter(16 * 1024);
  /** Unacknowledged frames, oldest first. The first `#sent` of them were passed to the stream. */
  #frames: Sealed[] = [];
  #sent = 0;
  #bytes = 0;
  #sentBytes = 0;
  #sequence = 0;
  /** Kept messages in the open frame. */
  #unsealed: RetainedMessage[] = [];
  #credit = 0;
  #isFrameDue = false;
  frameBytesMax = 4 * 1024 * 1024;
  /** Number of the last frame received from the host. Part of each frame. */
  received = 0;

  /** Bytes that wait to be sent or acknowledged. */
  get backlogBytes(): number {
    return this.#bytes + this.#writer.position;
  }

  /** True if nothing waits to be sent. */
  get isEmpty(): boolean {
    return !this.#isFrameDue && this.#sent === this.#frames.length;
  }

  /** Writer for messages: fields of the open frame, each with its tag. Call `added` afterwards. */
  get writer(): FlatWriter {
    return this.#writer;
  }

  /** Registers a message that was written from this position on. Returns its position in its frame. */
  added(start: number): number {
    const writer = this.#writer;
    this.#isFrameDue = true;
    if (writer.position <= this.frameBytesMax - headBytesMax || start === 0) return start;
    // The message does not fit, so it becomes the first of the next frame.
    const bytes = writer.memory.slice(start, writer.position);
    writer.truncate(start);
    this.#seal();
    writer.raw(bytes);
    this.#isFrameDue = true;
    return 0;
  }

  /** Registers a message that may have to be repeated without its frame. */
  addRetained(token: string, start: number): RetainedMessage {
    const message = new RetainedMessage(token, this.added(start), this.#writer.position);
    this.#unsealed.push(message);
    return message;
  }

  addCredit(count: number): void {
    this.#credit += count;
    this.#isFrameDue = true;
  }

  /** Requests a frame, even an empty one, such as a heartbeat or an acknowledgement. */
  touch(): void {
    this.#isFrameDue = true;
  }

  /** Sends the pending messages that the limit allows. */
  flush(send: (bytes: Uint8Array) => void): void {
    this.#sendSealed(send);
    if (!this.#isFrameDue || this.#sent < this.#frames.length || !this.#maySend(this.frameBytesMax)) return;
    this.#seal();
    this.#sendSealed(send);
  }

  #sendSealed(send: (bytes: Uint8Array) => void): void {
    for (let next = this.#frames[this.#sent]; next !== undefined; next = this.#frames[this.#sent]) {
      if (!this.#maySend(next.bytes.length)) break;
      this.#sent++;
      this.#sentBytes += next.bytes.length;
      send(next.bytes);
    }
  }

  /** Removes all frames up to this one, which the host has received. */
  acknowledge(sequence: number): void {
    const [first] = this.#frames;
    if (sequence === 0) return;
    if (first === undefined) {
      if (sequence === this.#sequence || stepsTo(sequence, this.#sequence) < 0x7fff_ffff) return;
      throw this.#neverSent(sequence);
    }
    const steps = stepsTo(first.sequence, sequence);
    if (steps > 0x7fff_ffff) return;
    const count = steps + 1;
    if (count > this.#sent) throw this.#neverSent(sequence);
    for (const { bytes } of this.#frames.splice(0, count)) {
      this.#bytes -= bytes.length;
      this.#sentBytes -= bytes.length;
    }
    this.#sent -= count;
  }

  /** Resumes the link over a new stream. Drops the frames that the host has, and sends all others again. */
  resume(received: number): void {
    this.acknowledge(received);
    this.#sent = 0;
    this.#sentBytes = 0;
  }

  /** Clears the outbox for a new link. Kept results still have their bytes. */
  reset(): void {
    if (this.#writer.position > 0) this.#seal();
    this.#frames = [];
    this.#sent = 0;
    this.#bytes = 0;
    this.#sentBytes = 0;
    this.#sequence = 0;
    this.#credit = 0;
    this.#isFrameDue = false;
    this.received = 0;
  }

  #maySend(bytes: number): boolean {
    return this.#sent < framesMax && (this.#sent === 0 || this.#sentBytes + bytes <= bytesMax);
  }

  #seal(): void {
    const writer = this.#writer;
    this.#sequence = after(this.#sequence);
    writer.uint32(tags.sequence).uint32(this.#sequence);
    if (this.received !== 0) writer.uint32(tags.acknowledged).uint32(this.received);
    if (this.#credit > 0) writer.uint32(tags.credit).uint32(this.#credit);
    const bytes = writer.finish();
    for (const message of this.#unsealed) message.frame = bytes;
    this.#unsealed = [];
    this.#frames.push({ sequence: this.#sequence, bytes });
    this.#bytes += bytes.length;
    this.#credit = 0;
    this.#isFrameDue = false;
  }

  #neverSent(sequence: number): LinkBroken {
    return new LinkBroken(`expected an acknowledgement of at most frame ${this.#sequence}, got ${sequence}`);
  }
}
