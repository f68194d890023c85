/** Links that sign in: each is valid once, for a limited time. */
import type { Clock } from "@tutti/kernel";
import { gatewayErrors } from "../errors.ts";
import { hashOf, newSecret } from "./secrets.ts";

export interface LinksOptions {
  readonly clock: Clock;
  readonly goodForMs: number;
}

interface Link {
  readonly endMs: number;
  isUsed: boolean;
}

/** Number of used links that are remembered, to distinguish a used link from an unknown one. */
const linksMax = 1_000;

export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<string, Link>();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  issue(): { readonly token: string; readonly endMs: number } {
    const { clock, goodForMs } = this.#options;
    const token = newSecret();
    const endMs = clock.now() + goodForMs;
    this.#links.set(hashOf(token), { endMs, isUsed: false });
    for (const oldest of this.#links.keys()) {
      if (this.#links.size <= linksMax) break;
      this.#links.delete(oldest);
    }
    return { token, endMs };
  }

  /** Uses a link. Throws an error with the reason if the link is not valid. */
  redeem(token: string): void {
    const link = this.#links.get(hashOf(token));
    if (link === undefined) throw gatewayErrors.linkUnknown();
    if (link.isUsed) throw gatewayErrors.linkUsed();
    if (link.endMs <= this.#options.clock.now()) throw gatewayErrors.linkExpired();
    link.isUsed = true;
  }

  /** Its user was not signed in after all. */
  release(token: string): void {
    const link = this.#links.get(hashOf(token));
    if (link !== undefined) link.isUsed = false;
  }
}
