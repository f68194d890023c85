/** Trace and span ids: random, never all zero, lower-case hex. */
import type { Chance } from "./chance.ts";

/** Bytes drawn at a time: drawing eight at a time costs ten times as much. */
const poolBytes = 4096;
const traceIdBytes = 16;
const spanIdBytes = 8;

export class TraceIdentifiers {
  readonly #chance: Chance;
  readonly #pool = Buffer.alloc(poolBytes);
  #used = poolBytes;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  traceId(): string {
    return this.#random(traceIdBytes);
  }

  spanId(): string {
    return this.#random(spanIdBytes);
  }

  #random(bytes: number): string {
    if (this.#used + bytes > poolBytes) {
      this.#chance.fill(this.#pool);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes;
    const id = this.#pool.toString("hex", from, this.#used);
    // All zeros mean that there is no id.
    return onlyZeros.test(id) ? `${id.slice(1)}1` : id;
  }
}

const onlyZeros = /^0+$/;
