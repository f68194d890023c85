import type { Snapshot } from "@tutti/contracts/runtime/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { LoadResult } from "@tutti/journal";
import { type InstanceKey, isEnded, textOf } from "@tutti/kernel";
import type { Refolding } from "../history/refolding.ts";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import { preparedForSnapshot } from "../machines/preparing.ts";
import { prefixBytes } from "../records/prefix.ts";
import { decodeSnapshot, restore } from "../snapshots/snapshot.ts";
import { Instance, quarantineFor } from "./instance.ts";

const writer = new FlatWriter(512);

/** Returns an instance without events. */
export function blankInstance(key: InstanceKey, text: string, hosted: HostedMachine): Instance {
  return new Instance(key, text, hosted, prefixBytes(writer, key.namespace, key.kind, key.id));
}

/** Restores an instance from its snapshot. */
export function reviveSnapshot(
  key: InstanceKey,
  text: string,
  snapshot: Snapshot,
  hosted: HostedMachine,
): Instance {
  const instance = blankInstance(key, text, hosted);
  restore(instance, snapshot, hosted, key);
  return instance;
}

/** Restores an instance from its stored form. Undefined if nothing is stored. */
export async function revive(
  key: InstanceKey,
  stored: LoadResult,
  hosted: HostedMachine,
  refolding: Refolding,
): Promise<Instance | undefined> {
  if (stored.kind === "nothing" || stored.kind === "tombstone") return;
  if (stored.kind === "snapshot") {
    const snapshot = decodeSnapshot(stored.snapshot);
    await preparedForSnapshot(hosted, snapshot);
    const instance = reviveSnapshot(key, textOf(key), snapshot, hosted);
    instance.isArchivedAsEnded = instance.isEnded;
    return instance;
  }
  const instance = blankInstance(key, textOf(key), hosted);
  const { incarnation, events, last } = stored;
  instance.isArchivedAsEnded = true;
  instance.incarnation = incarnation;
  instance.event = events;
  instance.lastBatch = last.batch;
  instance.lastIndex = last.index;
  const lastRecord = { ...last, event: events };
  const { state, timeMs, origin, fault } = await refolding.furthest(key, hosted, lastRecord, events);
  instance.startMs = origin?.timeMs ?? 0;
  instance.startedBy = origin?.actor;
  instance.endMs = timeMs;
  instance.state = state;
  if (fault !== undefined) {
    instance.quarantine = quarantineFor("history", fault.error, fault.folded, 0);
    return instance;
  }
  try {
    instance.isTerminated = !isEnded(hosted.machine.describe(state).status);
  } catch (error) {
    instance.quarantine = quarantineFor("history", error, events, 0);
  }
  return instance;
}
