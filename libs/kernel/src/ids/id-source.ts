import { assert } from "../errors/assertion.ts";
import type { Chance } from "../ports/chance.ts";
import type { Clock } from "../ports/clock.ts";
import { fourDigits, twoDigits } from "./crockford.ts";
import { type Id, idOf, isKind, timeMax } from "./id.ts";

/**
 * Makes ids: `kind_` and a ULID in lower case, 48 bits of milliseconds and 80 random bits.
 *
 * Invariants:
 * 1. Each id of a source sorts after all ids of the same kind it made before, even if the clock stands still or goes
 *    back: then the time of the last id is kept and its random part counts up by one.
 * 2. Two sources make the same id only if they draw the same 80 bits within one millisecond.
 *
 * One source serves a whole process. Ids can be guessed from their neighbours: never use one as a secret.
 */
export class IdSource {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #kinds = new Set<string>();
  readonly #bytes = new Uint8Array(10);
  #timeMs = -1;
  /** The digits of the time and of the upper 40 random bits, which rarely change within a millisecond. */
  #prefix = "";
  /** The random bits: 40, 20 and 20 of them. */
  #upper = 0;
  #middle = 0;
  #lower = 0;

  constructor(ports: { readonly clock: Clock; readonly chance: Chance }) {
    this.#clock = ports.clock;
    this.#chance = ports.chance;
  }

  /** A new id of a kind: a short lower-case noun such as `run`. */
  newId<K extends string>(kind: K): Id<K> {
    if (!this.#kinds.has(kind)) this.#admit(kind);
    const nowMs = Math.floor(this.#clock.now());
    if (nowMs > this.#timeMs) this.#startMillisecond(nowMs);
    else this.#countUp();
    return idOf(kind, this.#prefix + fourDigits(this.#middle) + fourDigits(this.#lower));
  }

  #admit(kind: string): void {
    assert(isKind(kind), "the kind of an id is a lower-case noun of at most 60 characters", { kind });
    this.#kinds.add(kind);
  }

  #startMillisecond(timeMs: number): void {
    assert(timeMs <= timeMax, "the clock shows a time before the year 10889", { timeMs });
    this.#timeMs = timeMs;
    const bytes = this.#chance.fill(this.#bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#upper = view.getUint32(0) * 256 + view.getUint8(4);
    this.#middle = view.getUint32(5) >>> 12;
    this.#lower = view.getUint32(6) & 0xf_ff_ff;
    this.#printPrefix();
  }

  #countUp(): void {
    assert(this.#timeMs >= 0, "the clock shows a time after 1970");
    this.#lower += 1;
    if (this.#lower < 2 ** 20) return;
    this.#lower = 0;
    this.#middle += 1;
    if (this.#middle < 2 ** 20) return;
    this.#middle = 0;
    this.#upper += 1;
    // All 80 bits are used up: borrow the next millisecond.
    if (this.#upper === 2 ** 40) this.#startMillisecond(this.#timeMs + 1);
    else this.#printPrefix();
  }

  #printPrefix(): void {
    const time = `${twoDigits(this.#timeMs / 2 ** 40)}${fourDigits(this.#timeMs / 2 ** 20)}${fourDigits(this.#timeMs)}`;
    this.#prefix = `${time}${fourDigits(this.#upper / 2 ** 20)}${fourDigits(this.#upper)}`;
  }
}
