/** The other end of a link, as a test plays it: keeps to the protocol, and sends on command. */
import { AgentFrame, type HostFrame } from "@tutti/contracts/agent/v1";
import { linkLimits } from "./limits.ts";
import { type Arrival, ReceivedFrames } from "./received-frames.ts";
import { SentFrames } from "./sent-frames.ts";

export class AgentPeer {
  readonly #sent = new SentFrames<AgentFrame>(linkLimits.unacknowledged);
  readonly #received = new ReceivedFrames();

  get received(): number {
    return this.#received.last;
  }

  get unacknowledged(): number {
    return this.#sent.unacknowledged;
  }

  get hasRoom(): boolean {
    return this.#sent.hasRoom;
  }

  /** Returns a numbered frame with this content. */
  frame(content: Partial<AgentFrame>): AgentFrame {
    const frame = AgentFrame.fromPartial({
      ...content,
      sequence: this.#sent.next,
      acknowledged: this.#received.acknowledge(),
    });
    this.#sent.add(frame, AgentFrame.encode(frame).finish().length);
    return frame;
  }

  receive(frame: HostFrame): Arrival {
    this.#sent.acknowledge(frame.acknowledged);
    const arrival = this.#received.arrivalOf(frame.sequence);
    if (arrival === "next") this.#received.accept(true, 0);
    return arrival;
  }

  /** Returns the frames that the host lacks, by its welcome. */
  resume(received: number): readonly AgentFrame[] {
    this.#sent.acknowledge(received);
    return this.#sent.pending();
  }
}

export function token(number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

export function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
