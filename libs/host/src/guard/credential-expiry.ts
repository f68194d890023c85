/**
 * Expiry of the keys and tokens of admitted callers, so that open streams end with their credential.
 *
 * 1. Nothing is checked before the first ends. Those that end in the same second are reported together.
 * 2. An ended credential is remembered for a while. By then its streams have ended, and its sender has the reason.
 * 3. A token of another issuer has no id here. So the end of one never ends another.
 */
import type { Clock, CredentialClaims, Timer, Timers } from "@tutti/kernel";
import type { Visitor } from "./visitor.ts";

export interface CredentialExpiryParts {
  readonly clock: Pick<Clock, "now">;
  readonly timers: Pick<Timers, "after">;
  /** Called when credentials have ended. */
  readonly ended: () => void;
}

const togetherMs = 1_000;
const knownMs = 60_000;
/** Maximum number of known credentials. Streams of others continue until their next request. */
const knownMax = 100_000;

export class CredentialExpiry {
  readonly #parts: CredentialExpiryParts;
  readonly #untilMs = new Map<string, number>();
  /** Tokens of another issuer. A decision creates another principal with the same credential. */
  readonly #ofOthers = new WeakMap<CredentialClaims, number>();
  #timer: Timer | undefined;
  #nextMs = Number.POSITIVE_INFINITY;

  constructor(parts: CredentialExpiryParts) {
    this.#parts = parts;
  }

  /** A credential admitted this caller. */
  track(caller: Visitor, untilMs: number): void {
    if (untilMs === Number.POSITIVE_INFINITY) return;
    const { kind, id, credential } = caller;
    if (credential.id === "") this.#ofOthers.set(credential, untilMs);
    const key = credential.id || `${kind}:${id} ${untilMs}`;
    if (this.#untilMs.get(key) === untilMs || this.#untilMs.size >= knownMax) return;
    this.#untilMs.set(key, untilMs);
    this.#scheduleAt(untilMs);
  }

  hasExpired({ credential }: Visitor, nowMs: number): boolean {
    const untilMs = credential.id === "" ? this.#ofOthers.get(credential) : this.#untilMs.get(credential.id);
    return (untilMs ?? Number.POSITIVE_INFINITY) <= nowMs;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#nextMs = 0;
  }

  #scheduleAt(untilMs: number): void {
    if (untilMs >= this.#nextMs) return;
    const { clock, timers } = this.#parts;
    this.#timer?.cancel();
    this.#nextMs = untilMs;
    const inMs = Math.max(0, untilMs - clock.now()) + togetherMs;
    this.#timer = timers.after(inMs, () => this.#publishEnded());
  }

  #publishEnded(): void {
    const nowMs = this.#parts.clock.now();
    this.#nextMs = Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [id, untilMs] of this.#untilMs) {
      if (untilMs + knownMs <= nowMs) this.#untilMs.delete(id);
      else if (untilMs > nowMs) nextMs = Math.min(nextMs, untilMs);
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#scheduleAt(nextMs);
    this.#parts.ended();
  }
}
