import type { HostFrame } from "../generated/tutti/agent/v1/link.ts";
import { Encoded } from "./encoded.ts";
import { readHostFrame } from "./link-frames.ts";

/** A frame of a host that was encoded when it was created, and is kept as bytes until it is acknowledged. */
export class EncodedHostFrame extends Encoded implements HostFrame {
  #decoded: HostFrame | undefined;

  get sequence() {
    return this.#frame.sequence;
  }
  get acknowledged() {
    return this.#frame.acknowledged;
  }
  get assignments() {
    return this.#frame.assignments;
  }
  get resultsDurable() {
    return this.#frame.resultsDurable;
  }
  get resultsDurableBeyond() {
    return this.#frame.resultsDurableBeyond;
  }
  get cancels() {
    return this.#frame.cancels;
  }
  get extensions() {
    return this.#frame.extensions;
  }
  get answer() {
    return this.#frame.answer;
  }
  get drain() {
    return this.#frame.drain;
  }
  get sleep() {
    return this.#frame.sleep;
  }
  get wake() {
    return this.#frame.wake;
  }
  get held() {
    return this.#frame.held;
  }
  get released() {
    return this.#frame.released;
  }
  get capabilityNumbers() {
    return this.#frame.capabilityNumbers;
  }
  get bye() {
    return this.#frame.bye;
  }

  get #frame(): HostFrame {
    this.#decoded ??= readHostFrame(this.bytes);
    return this.#decoded;
  }
}
