import type { ClaimTasksReply, ClaimTasksRequest } from "@tutti/contracts/agent/v1";
import { swarmErrors } from "../errors.ts";

/** Keys that are remembered. Of more the oldest are forgotten. */
const keysMax = 10_000;

interface Remembered {
  readonly request: string;
  readonly reply: Promise<ClaimTasksReply>;
  readonly untilMs: number;
}

/** Answers a claim that comes again under its key like the first time, for as long as its leases may last. */
export class RepeatedClaims {
  readonly #claims = new Map<string, Remembered>();

  once(
    key: string,
    request: ClaimTasksRequest,
    { nowMs, keepMs }: { readonly nowMs: number; readonly keepMs: number },
    claim: () => Promise<ClaimTasksReply>,
  ): Promise<ClaimTasksReply> {
    this.#forget(nowMs);
    const text = JSON.stringify(request);
    const known = this.#claims.get(key);
    if (known !== undefined) {
      if (known.request !== text) throw swarmErrors.claimDiffers({ key: request.idempotencyKey });
      return known.reply;
    }
    const reply = claim();
    this.#claims.set(key, { request: text, reply, untilMs: nowMs + keepMs });
    // What failed may be tried again.
    reply.catch(() => this.#claims.delete(key));
    return reply;
  }

  /** Oldest first: one with a longer lease keeps those after it a little longer. */
  #forget(nowMs: number): void {
    for (const [key, { untilMs }] of this.#claims) {
      if (untilMs > nowMs && this.#claims.size < keysMax) return;
      this.#claims.delete(key);
    }
  }
}
