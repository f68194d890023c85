/**
 * The owners of the partitions of a service, as one of its instances knows them. A watch starts with all of them, even
 * when it resumes: a partition whose owner has gone has no change to resume from. From then on it reports changes.
 */
import type { PlaceOwner, WatchOwnershipReply, WatchOwnershipRequest } from "@tutti/contracts/runtime/v1";
import { sleep } from "@tutti/kernel";
import type { RuntimeDependencies } from "./runtime-dependencies.ts";

/** A watcher receives a message at least this often. */
const keepaliveMs = 5_000;

export async function* watchOwnership(
  { runtime, partitionOwner, foundation }: RuntimeDependencies,
  { prefix }: WatchOwnershipRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchOwnershipReply, void> {
  const { service } = runtime;
  const changed = new Set<number>();
  let wake = (): void => {};
  const unlisten = partitionOwner.onOwner((of, partition) => {
    if (of !== service) return;
    changed.add(partition);
    wake();
  });
  let revision = 1;
  try {
    const all = Array.from({ length: runtime.partitions }, (_, partition) => partition);
    yield { owners: ownersOf(all).filter(({ instance }) => instance !== ""), snapshot: true, revision };
    while (!signal.aborted) {
      if (changed.size === 0) await nextChange();
      if (signal.aborted) return;
      const owners = ownersOf([...changed]);
      changed.clear();
      if (owners.length > 0) revision++;
      yield { owners, snapshot: false, revision };
    }
  } finally {
    unlisten();
  }

  function ownersOf(partitions: readonly number[]): PlaceOwner[] {
    const requested = new Set(partitions);
    const known = new Map<number, PlaceOwner>();
    for (const { service: of, partition, owner } of partitionOwner.ownerships()) {
      if (of !== service || !requested.has(partition)) continue;
      const epoch = owner?.epoch ?? partitionOwner.epochOf(service, partition);
      const { instance = "", address = "" } = owner ?? {};
      known.set(partition, { place: placeOf(partition), instance, address, epoch });
    }
    const noOwner = { instance: "", address: "", epoch: 0 };
    return partitions
      .map((partition) => known.get(partition) ?? { place: placeOf(partition), ...noOwner })
      .filter(({ place }) => place.startsWith(prefix));
  }

  function placeOf(partition: number): string {
    return `${service}/partition/${partition}`;
  }

  /** Resolves at the next change, or when a heartbeat is due. */
  async function nextChange(): Promise<void> {
    const waiting = new AbortController();
    wake = () => waiting.abort();
    await sleep(foundation.timers, keepaliveMs, AbortSignal.any([signal, waiting.signal])).catch(() => {});
  }
}
