import type { Snapshot } from "@tutti/contracts/runtime/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { Kept } from "@tutti/journal";
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
  kept: Kept,
  hosted: HostedMachine,
  refolding: Refolding,
): Promise<Instance | undefined> {
  if (kept.kind === "nothing" || kept.kind === "tombstone") return;
  if (kept.kind === "snapshot") {
    const snapshot = decodeSnapshot(kept.snapshot);
    await preparedForSnapshot(hosted, snapshot);
    const instance = reviveSnapshot(key, textOf(key), snapshot, hosted);
    instance.isKeptAsEnded = instance.isEnded;
    return instance;
  }
  const instance = blankInstance(key, textOf(key), hosted);
  const { incarnation, events, last } = kept;
  instance.isKeptAsEnded = true;
  instance.incarnation = incarnation;
  instance.event = events;
  instance.lastBatch = last.batch;
  instance.lastIndex = last.index;
  const lastRecord = { ...last, event: events };
  const { state, timeMs, beginning, fault } = await refolding.furthest(key, hosted, lastRecord, events);
  instance.startMs = beginning?.timeMs ?? 0;
  instance.startedBy = beginning?.actor;
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
