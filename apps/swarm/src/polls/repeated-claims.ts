import type { ClaimTasksReply, ClaimTasksRequest } from "@tutti/contracts/agent/v1";
import { swarmErrors } from "../errors.ts";

/** Keys that are remembered; of more the oldest are forgotten. */
const keysMax = 10_000;

/** Answers a claim that comes again under its key like the first time. */
export class RepeatedClaims {
  readonly #claims = new Map<
    string,
    { readonly request: string; readonly reply: Promise<ClaimTasksReply> }
  >();

  once(
    key: string,
    request: ClaimTasksRequest,
    claim: () => Promise<ClaimTasksReply>,
  ): Promise<ClaimTasksReply> {
    const text = JSON.stringify(request);
    const known = this.#claims.get(key);
    if (known !== undefined) {
      if (known.request !== text) throw swarmErrors.claimDiffers({ key: request.idempotencyKey });
      return known.reply;
    }
    const reply = claim();
    this.#claims.set(key, { request: text, reply });
    // What failed may be tried again.
    reply.catch(() => this.#claims.delete(key));
    if (this.#claims.size > keysMax) {
      const [oldest] = this.#claims.keys();
      if (oldest !== undefined) this.#claims.delete(oldest);
    }
    return reply;
  }
}
