/**
 * The last reported use of pools. They report it every second if anything has a limit. It is no state: the
 * next owner of the ledger gets it within a second.
 */
import type { AllotmentUse } from "@tutti/contracts/session/v1";
import type { Clock } from "@tutti/kernel";

interface Claim {
  readonly uses: readonly AllotmentUse[];
  readonly atMs: number;
}

/** A pool that has been silent for this long uses nothing any more. */
const rememberedMs = 60_000;

export class Claims {
  readonly #clock: Pick<Clock, "monotonic">;
  /** By namespace and pool. */
  readonly #claims = new Map<string, Map<string, Claim>>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  record(namespace: string, pool: string, uses: readonly AllotmentUse[]): void {
    const atMs = this.#clock.monotonic();
    const ofNamespace = this.#claims.get(namespace) ?? new Map<string, Claim>();
    ofNamespace.set(pool, { uses, atMs });
    for (const [name, claim] of ofNamespace) if (claim.atMs < atMs - rememberedMs) ofNamespace.delete(name);
    this.#claims.set(namespace, ofNamespace);
  }

  /** Returns the use of a quota, by name. */
  usedOf(namespace: string, quotaId: string): Record<string, number> {
    const used: Record<string, number> = {};
    const sinceMs = this.#clock.monotonic() - rememberedMs;
    for (const { uses, atMs } of this.#claims.get(namespace)?.values() ?? []) {
      // The last pool of a namespace falls silent too, and then no other pool reports.
      if (atMs < sinceMs) continue;
      for (const use of uses) if (use.quotaId === quotaId) used[use.name] = (used[use.name] ?? 0) + use.used;
    }
    return used;
  }
}
