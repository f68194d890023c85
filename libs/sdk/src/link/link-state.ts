/**
 * State of one link at the agent: numbers, acknowledgements, credit and kept results.
 *
 * 1. A frame of the host takes effect once, in the order of its number. A repeated frame is dropped. A gap breaks the
 *    stream.
 * 2. A result is kept, with its bytes, until the host reports that it is durable. On a new link every kept result is sent
 *    again, in the order of completion.
 * 3. Unused credit and running tasks together never exceed the slots.
 * 4. The class is pure: bytes in, bytes out. Streams, clocks and handlers are elsewhere.
 */
import type { HostFrame, Welcome } from "@tutti/contracts/agent/v1";
import { readHostFrame } from "@tutti/contracts/wire";
import { LinkBroken } from "./link-broken.ts";
import { Outbox, type RetainedMessage } from "./outbox.ts";
import { after, isRepeated } from "./sequence.ts";

/** If there are more frames or bytes, they are acknowledged at once and not with the next heartbeat. */
const unacknowledgedFramesMax = 64;
const unacknowledgedBytesMax = 1024 * 1024;

export class LinkState {
  readonly outbox = new Outbox();
  linkId = "";
  /** Number of tasks that the host may still assign. */
  credit = 0;
  #received = 0;
  /** Kept results in the order of their numbers on this link. The first one has the number after `#durable`. */
  #retained: RetainedMessage[] = [];
  #durable = 0;
  #unacknowledgedFrames = 0;
  #unacknowledgedBytes = 0;
  readonly #forget: (token: string) => void;

  /** @param forget called for each result that is durable */
  constructor(forget: (token: string) => void) {
    this.#forget = forget;
  }

  /** Number of the last frame received from the host. */
  get received(): number {
    return this.#received;
  }

  /** True if frames were received since the last send. */
  get owesAcknowledgement(): boolean {
    return this.#unacknowledgedFrames > 0;
  }

  get retainedCount(): number {
    return this.#retained.length;
  }

  /** Returns the tokens of results that are not known to be durable. */
  retainedTokens(): string[] {
    return this.#retained.flatMap(({ token, isDurable }) => (isDurable ? [] : [token]));
  }

  /** Decodes a frame of a linked host. Returns undefined for a repeated frame. */
  receive(bytes: Uint8Array): HostFrame | undefined {
    const frame = decode(bytes);
    const { sequence } = frame;
    if (sequence !== after(this.#received)) {
      if (sequence !== 0 && isRepeated(sequence, this.#received)) return undefined;
      throw new LinkBroken(`expected frame ${after(this.#received)} of the host, got ${sequence}`, {
        canResume: true,
      });
    }
    this.outbox.acknowledge(frame.acknowledged);
    this.#received = sequence;
    this.outbox.received = sequence;
    this.#unacknowledgedFrames++;
    this.#unacknowledgedBytes += bytes.length;
    if (
      this.#unacknowledgedFrames >= unacknowledgedFramesMax ||
      this.#unacknowledgedBytes >= unacknowledgedBytesMax
    ) {
      this.outbox.touch();
    }
    return frame;
  }

  /** Resumes the link. Frames after this one are sent again. */
  resumed(received: number): void {
    this.outbox.resume(received);
  }

  /** Starts a new link. All numbers restart, and kept results are sent again. */
  started({ linkId, maxFrameBytes }: Welcome, isPending: (token: string) => boolean): void {
    const { outbox } = this;
    outbox.reset();
    if (maxFrameBytes > 0) outbox.frameBytesMax = maxFrameBytes;
    this.linkId = linkId;
    this.credit = 0;
    this.#received = 0;
    this.#durable = 0;
    this.#unacknowledgedFrames = 0;
    this.#unacknowledgedBytes = 0;
    const before = this.#retained;
    this.#retained = [];
    for (const message of before) {
      if (message.isDurable) continue;
      if (!isPending(message.token)) {
        this.#forget(message.token);
        continue;
      }
      const { frame, start, end } = message;
      if (frame === undefined) throw new Error("expected the bytes of a kept result, got none");
      const { position } = outbox.writer;
      outbox.writer.raw(frame.subarray(start, end));
      this.addedResult(message.token, position);
    }
  }

  /** Registers a result that was written into the outbox, from this position on. It is sent, and kept. */
  addedResult(token: string, start: number): void {
    this.#retained.push(this.outbox.addRetained(token, start));
  }

  /** Applies the durable results that a frame reports. */
  durable(upTo: number, beyond: readonly number[]): void {
    const count = upTo - this.#durable;
    if (count > this.#retained.length)
      throw new LinkBroken(
        `expected at most ${this.#durable + this.#retained.length} durable results, got ${upTo}`,
      );
    if (count > 0) {
      for (const { token, isDurable } of this.#retained.splice(0, count)) if (!isDurable) this.#forget(token);
      this.#durable = upTo;
    }
    for (const number of beyond) {
      const message = this.#retained[number - this.#durable - 1];
      if (message === undefined || message.isDurable) continue;
      message.isDurable = true;
      this.#forget(message.token);
    }
  }

  /** Grants free slots that are not granted yet. */
  grant(freeSlots: number): void {
    const more = freeSlots - this.credit;
    if (more <= 0) return;
    this.credit += more;
    this.outbox.addCredit(more);
  }

  /** Sends the pending messages. */
  flush(send: (bytes: Uint8Array) => void): void {
    if (this.outbox.isEmpty) return;
    this.#unacknowledgedFrames = 0;
    this.#unacknowledgedBytes = 0;
    this.outbox.flush(send);
  }
}

/** Reads the answer to a greeting, which is the first frame of a stream. */
export function readAnswer(bytes: Uint8Array): NonNullable<HostFrame["answer"]> {
  const { answer } = decode(bytes);
  if (answer === undefined) throw new LinkBroken("expected the answer to the greeting, got another frame");
  return answer;
}

function decode(bytes: Uint8Array): HostFrame {
  try {
    return readHostFrame(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LinkBroken(`expected a frame of the host, got bytes that are none: ${reason}`);
  }
}
