/**
 * Loads instances from the archive that had effects outstanding when their partition was loaded, because an executor
 * must be asked to execute those. Runs next to the turns, a page at a time.
 *
 * 1. A page may be older than memory. Instances that are in memory, are being looked up, or have left memory since the
 *    load started are skipped: an ended instance has nothing outstanding.
 * 2. Only instances that had started by then are searched. Later ones stay in memory as long as they have anything
 *    outstanding.
 * 3. An instance that cannot be read delays no other.
 */
import type { Snapshot } from "@tutti/contracts/runtime/v1";
import type { OutstandingInstance } from "@tutti/journal";
import { type InstanceKey, textOf } from "@tutti/kernel";
import { preparedForSnapshot } from "../machines/preparing.ts";
import { decodeSnapshot } from "../snapshots/snapshot.ts";
import type { PartitionMemory } from "./memory.ts";
import { reviveSnapshot } from "./reviving.ts";

/** Instances folded together, between two turns. */
const pageInstances = 64;

export async function resume(memory: PartitionMemory): Promise<void> {
  const { instances, parts, incarnations } = memory;
  const { archive } = parts;
  if (incarnations === 0) return;
  const foreign = new Set<string>();
  instances.recordDepartures(incarnations);
  try {
    let page = await archive.outstanding(0, pageInstances);
    for (;;) {
      const last = page.at(-1)?.incarnation;
      if (last === undefined || memory.isStopped) return;
      // The archive reads the next page while this one is folded.
      const next = last < incarnations ? archive.outstanding(last, pageInstances) : undefined;
      // It is awaited below, unless something fails before.
      next?.catch(() => {});
      await prepare(memory, page);
      if (memory.isStopped) return;
      for (const { incarnation, snapshot } of page) {
        if (incarnation <= incarnations) resumeInstance(memory, incarnation, snapshot, foreign);
      }
      if (next === undefined) return;
      page = await next;
    }
  } finally {
    instances.forgetDeparted();
  }
}

/** Prepares all of a page together. An instance that cannot be read is reported to the caller that needs it. */
async function prepare(
  { instances, parts }: PartitionMemory,
  page: readonly OutstandingInstance[],
): Promise<void> {
  if (!parts.machines.needContent) return;
  await Promise.all(
    page.map(({ snapshot: bytes }) => {
      try {
        const snapshot = decodeSnapshot(bytes);
        const hosted = instances.hosted(snapshot.kind);
        return hosted && preparedForSnapshot(hosted, snapshot);
      } catch {
        return undefined;
      }
    }),
  );
}

function resumeInstance(
  memory: PartitionMemory,
  incarnation: number,
  bytes: Uint8Array,
  foreign: Set<string>,
): void {
  const { instances, parts } = memory;
  if (instances.hasDeparted(incarnation) || instances.byIncarnation(incarnation) !== undefined) return;
  const { service, partition, logger } = parts;
  let snapshot: Snapshot;
  try {
    snapshot = decodeSnapshot(bytes);
  } catch (error) {
    const at = { service, partition, incarnation };
    logger.error("failed to read a machine with outstanding effects", { ...at, error });
    return;
  }
  const { namespace, kind, id } = snapshot;
  const key: InstanceKey = { namespace, kind, id };
  const text = textOf(key);
  if (instances.get(text) !== undefined || instances.isLookedUp(text)) return;
  const hosted = instances.hosted(kind);
  if (hosted !== undefined) instances.arrive(reviveSnapshot(key, text, snapshot, hosted));
  else if (!foreign.has(kind)) {
    foreign.add(kind);
    logger.warn("archive has outstanding effects of a kind that is not hosted here", { service, kind });
  }
}
