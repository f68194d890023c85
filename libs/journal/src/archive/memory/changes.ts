import { type InstanceKey, textOf } from "@tutti/kernel";
import type { Changes, DueInstance, IndexEntry, InstanceSnapshot, Kept } from "../port.ts";
import type { KeptInstance, KeptPartition } from "./memory-archive-store.ts";

/** Adds and replaces the content of a commit. */
export function apply(kept: KeptPartition, changes: Changes): void {
  kept.coveredTo = Math.max(kept.coveredTo, changes.coveredTo);
  if (changes.partitionSnapshot !== undefined) kept.partitionSnapshot = changes.partitionSnapshot;
  for (const entry of changes.entries) applyEntry(kept, entry);
  for (const snapshot of changes.snapshots) {
    const instance = kept.instances.get(snapshot.incarnation);
    if (instance === undefined || instance.isRemoved) continue;
    instance.snapshot = snapshot;
  }
}

function applyEntry(kept: KeptPartition, entry: IndexEntry): void {
  const { incarnation, endMs, keepUntilMs } = entry;
  const text = textOf(entry.key);
  let instance = kept.instances.get(incarnation);
  if (instance === undefined) {
    instance = { entry, snapshot: undefined, isRemoved: false, history: [] };
    kept.instances.set(incarnation, instance);
  }
  if ((kept.newest.get(text) ?? 0) < incarnation) kept.newest.set(text, incarnation);
  instance.entry = entry;
  if (endMs === 0) return;
  // Its snapshot from before its end is outdated.
  instance.snapshot = undefined;
  if (keepUntilMs <= endMs) remove(kept, instance);
}

function remove(kept: KeptPartition, instance: KeptInstance): void {
  const { keepUntilMs, idKeptUntilMs } = instance.entry;
  instance.history.length = 0;
  instance.snapshot = undefined;
  instance.isRemoved = true;
  if (idKeptUntilMs <= keepUntilMs) forget(kept, instance);
}

function forget(kept: KeptPartition, { entry }: KeptInstance): void {
  const text = textOf(entry.key);
  kept.instances.delete(entry.incarnation);
  if (kept.newest.get(text) === entry.incarnation) kept.newest.delete(text);
}

/** Removes up to `most` expired instances. Returns whether there are more. */
export function purge(kept: KeptPartition, nowMs: number, most: number): boolean {
  let left = most;
  for (const instance of [...kept.instances.values()]) {
    const { endMs, keepUntilMs, idKeptUntilMs, last } = instance.entry;
    const untilMs = instance.isRemoved ? idKeptUntilMs : keepUntilMs;
    // Changes that are not covered are committed once more from the journal when a process starts.
    if (endMs === 0 || untilMs > nowMs || last.batch > kept.coveredTo) continue;
    if (left-- === 0) return true;
    if (!instance.isRemoved) remove(kept, instance);
    if (idKeptUntilMs <= nowMs) forget(kept, instance);
  }
  return false;
}

export function load(kept: KeptPartition, key: InstanceKey): Kept {
  const instance = kept.instances.get(kept.newest.get(textOf(key)) ?? 0);
  if (instance === undefined) return { kind: "nothing" };
  const { entry, snapshot, isRemoved } = instance;
  const { incarnation, events, last, endMs, idKeptUntilMs } = entry;
  if (isRemoved) return { kind: "tombstone", untilMs: idKeptUntilMs };
  if (snapshot !== undefined) return { kind: "snapshot", snapshot: snapshot.snapshot };
  return endMs === 0 ? { kind: "nothing" } : { kind: "ended", incarnation, events, last };
}

/** Returns all snapshots with a timer, earliest first. */
export function dueInstances(kept: KeptPartition): DueInstance[] {
  return snapshotsOf(kept)
    .filter(({ dueMs }) => dueMs > 0)
    .map(({ dueMs, incarnation, key }) => ({ dueMs, incarnation, key }))
    .sort(byDue);
}

export function byDue(one: DueInstance | undefined, other: DueInstance | undefined): number {
  return (one?.dueMs ?? 0) - (other?.dueMs ?? 0) || (one?.incarnation ?? 0) - (other?.incarnation ?? 0);
}

/** Returns snapshots with effects outstanding, in order of incarnation. */
export function outstandingInstances(kept: KeptPartition): InstanceSnapshot[] {
  return snapshotsOf(kept)
    .filter(({ outstanding }) => outstanding)
    .sort((one, other) => one.incarnation - other.incarnation);
}

function snapshotsOf(kept: KeptPartition): InstanceSnapshot[] {
  return [...kept.instances.values()].flatMap(({ snapshot }) => snapshot ?? []);
}
