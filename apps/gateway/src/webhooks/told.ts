/**
 * Whether what comes by a webhook was told by who may, and for the first time.
 *
 * 1. It is signed, with a secret of the webhook, over its id, its moment and its body.
 * 2. Its moment is near: what is overheard is good for some minutes.
 * 3. Within those a copy of what was taken is refused. A sender that tries again signs again, under the same id: that
 *    is no copy, and takes effect once by the id.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isSignedBy, signingHeaders } from "@tutti/host/outgoing";
import type { Clock } from "@tutti/kernel";
import { webhookErrors } from "./errors.ts";

export interface Told {
  readonly id: string;
  readonly body: Uint8Array;
  /** It was taken: a copy of it is refused from now on. */
  taken(): void;
}

const nearMs = 300_000;
/** Beyond those the oldest are forgotten. They take effect once by their ids. */
const rememberedMax = 100_000;
const idMax = 256;

export class TellCheck {
  readonly #clock: Pick<Clock, "now">;
  /** What was taken, the oldest first, with the time until which a copy of it would be near. */
  readonly #taken = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Throws with what is wrong with it. */
  check(name: string, secrets: readonly string[], headers: IncomingHttpHeaders, body: Uint8Array): Told {
    const id = one(headers, signingHeaders.id);
    const timestamp = one(headers, signingHeaders.timestamp);
    const signature = one(headers, signingHeaders.signature);
    const sentMs = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) * 1_000 : Number.NaN;
    const nowMs = this.#clock.now();
    if (!(Math.abs(nowMs - sentMs) <= nearMs)) throw webhookErrors.late({ found: timestamp.slice(0, 40) });
    if (!isSignedBy(secrets, { id, timestamp, body }, signature)) throw webhookErrors.signatureWrong();
    const copy = `${name} ${timestamp} ${id}`;
    this.#forget(nowMs);
    if (this.#taken.has(copy)) throw webhookErrors.replayed();
    return { id, body, taken: () => void this.#taken.set(copy, sentMs + 2 * nearMs) };
  }

  #forget(nowMs: number): void {
    for (const [copy, untilMs] of this.#taken) {
      if (untilMs > nowMs && this.#taken.size <= rememberedMax) break;
      this.#taken.delete(copy);
    }
  }
}

function one(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  if (typeof value !== "string" || value === "" || value.length > headerMax)
    throw webhookErrors.unsigned({ missing: name });
  if (name === signingHeaders.id && value.length > idMax) throw webhookErrors.unsigned({ missing: name });
  return value;
}

const headerMax = 4_096;
