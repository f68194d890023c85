/**
 * Keeps the cache of each namespace within its bound.
 *
 * 1. Each process decides over all outputs of a namespace, and evicts those that it stores. So all processes
 *    together evict each output once.
 * 2. An output that was stored in the same entry meanwhile stays.
 */
import { ActorKind, type Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { allEntries, type MachineDependencies, Rounds } from "@tutti/host/serving";
import type { Foundation } from "@tutti/kernel";
import { evictableOf, forgetOutput, leastWorth } from "@tutti/machine-entities/cache";

export interface CacheLimiterParts
  extends Pick<MachineDependencies, "runtime" | "archive" | "partitionOwner"> {
  readonly foundation: Foundation;
  readonly bytesMaxIn: (namespace: string) => number;
}

const roundMs = 10_000;
const cause: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "workflow" },
  traceparent: "",
  decision: "",
  reason: "The cache of the namespace was full.",
};

export class CacheLimiter extends Rounds {
  readonly #parts: CacheLimiterParts;
  readonly #evictions: { add(count: number): void };
  readonly #evictedBytes: { add(count: number): void };

  constructor(parts: CacheLimiterParts) {
    super(parts.foundation, roundMs, "the cache is not bounded");
    this.#parts = parts;
    const { metrics } = parts.foundation;
    this.#evictions = metrics
      .counter({ name: "tutti_workflow_cache_evictions_total", help: "Outputs evicted from a full cache." })
      .with({});
    this.#evictedBytes = metrics
      .counter({
        name: "tutti_workflow_cache_evicted_bytes_total",
        help: "Bytes of outputs evicted from a full cache.",
      })
      .with({});
  }

  protected async round(): Promise<void> {
    const { runtime, partitionOwner, foundation, bytesMaxIn } = this.#parts;
    const live = { kinds: ["cache"], statuses: [WorkStatus.WORK_STATUS_RUNNING] };
    const all = await allEntries(this.#parts, { namespace: "", ...live });
    for (const [namespace, entries] of Map.groupBy(all, ({ key }) => key.namespace)) {
      const evictable = entries
        .map(({ key, labels }) => evictableOf(key.id, labels))
        .filter((entry) => entry !== undefined);
      for (const { id, bytes, storeMs } of leastWorth(
        evictable,
        bytesMaxIn(namespace),
        foundation.clock.now(),
      )) {
        if (this.stopping.aborted) return;
        const key = { namespace, kind: "cache", id };
        if (!partitionOwner.owns(runtime.service, runtime.partitionOf(key))) continue;
        const body = { evictStoreMs: storeMs, unreadable: false };
        await runtime.execute({ key, command: forgetOutput, body, cause, idempotencyKey: "" });
        this.#evictions.add(1);
        this.#evictedBytes.add(bytes);
      }
    }
  }
}
