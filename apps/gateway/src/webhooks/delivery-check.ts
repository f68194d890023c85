/**
 * Checks that a delivery to a webhook has a valid signature, and is not a replay.
 *
 * 1. A secret of the webhook signs its id, its timestamp and its body.
 * 2. The timestamp is recent, so an intercepted request is useful for some minutes only.
 * 3. Within those minutes a copy of an accepted request is refused. A sender that retries signs again, under the same
 *    id: that is not a copy, and takes effect once by the id.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "@tutti/kernel";
import { webhookErrors } from "./errors.ts";
import { type PresetName, presets } from "./presets.ts";

export interface CheckedDelivery {
  readonly id: string;
  readonly body: Uint8Array;
  /** Name of the event, in the sender's words. */
  kindOf(json: unknown): string;
  /** Marks it as accepted: from now on a copy is refused. */
  accept(): void;
}

const toleranceMs = 300_000;
/** If there are more, the oldest are forgotten. A repetition of those still takes effect once, by its id. */
const rememberedMax = 100_000;

/** A webhook, as it is checked. */
export interface Checked {
  readonly name: string;
  readonly preset: PresetName;
  readonly secrets: readonly string[];
}

export class DeliveryCheck {
  readonly #clock: Pick<Clock, "now">;
  /** Accepted requests, the oldest first, with the time until which a copy would have a recent timestamp. */
  readonly #accepted = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Throws the reason if the delivery is not valid. */
  check({ name, preset, secrets }: Checked, headers: IncomingHttpHeaders, body: Uint8Array): CheckedDelivery {
    const scheme = presets[preset];
    const { timestamp, ...claimed } = scheme.claim(headers, body);
    const nowMs = this.#clock.now();
    const sentMs = timestamp === undefined ? nowMs : momentOf(timestamp);
    if (!(Math.abs(nowMs - sentMs) <= toleranceMs))
      throw webhookErrors.late({ found: (timestamp ?? "").slice(0, 40) });
    if (!claimed.isSignedBy(secrets)) throw webhookErrors.signatureWrong();
    const id = claimed.id();
    const kindOf = (json: unknown) => scheme.kindOf(headers, json);
    // Without a time, a copy looks like a retry of the same delivery. Either takes effect once.
    if (timestamp === undefined) return { id, body, kindOf, accept: () => {} };
    const copy = `${name} ${timestamp} ${id}`;
    this.#evict(nowMs);
    if (this.#accepted.has(copy)) throw webhookErrors.replayed();
    return { id, body, kindOf, accept: () => void this.#accepted.set(copy, sentMs + 2 * toleranceMs) };
  }

  #evict(nowMs: number): void {
    for (const [copy, untilMs] of this.#accepted) {
      if (untilMs > nowMs && this.#accepted.size <= rememberedMax) break;
      this.#accepted.delete(copy);
    }
  }
}

function momentOf(timestamp: string): number {
  return /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : Number.NaN;
}
