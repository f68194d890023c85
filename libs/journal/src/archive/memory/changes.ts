import { type InstanceKey, textOf } from "@tutti/kernel";
import type { Changes, DueInstance, IndexEntry, InstanceSnapshot, LoadResult } from "../port.ts";
import type { StoredInstance, StoredPartition } from "./memory-archive-store.ts";

/** Adds and replaces the content of a commit. */
export function apply(stored: StoredPartition, changes: Changes): void {
  stored.coveredTo = Math.max(stored.coveredTo, changes.coveredTo);
  if (changes.partitionSnapshot !== undefined) stored.partitionSnapshot = changes.partitionSnapshot;
  for (const entry of changes.entries) applyEntry(stored, entry);
  for (const snapshot of changes.snapshots) {
    const instance = stored.instances.get(snapshot.incarnation);
    if (instance === undefined || instance.isRemoved) continue;
    instance.snapshot = snapshot;
  }
}

function applyEntry(stored: StoredPartition, entry: IndexEntry): void {
  const { incarnation, endMs, keepUntilMs } = entry;
  const text = textOf(entry.key);
  let instance = stored.instances.get(incarnation);
  if (instance === undefined) {
    instance = { entry, snapshot: undefined, isRemoved: false, history: [] };
    stored.instances.set(incarnation, instance);
  }
  if ((stored.newest.get(text) ?? 0) < incarnation) stored.newest.set(text, incarnation);
  instance.entry = entry;
  if (endMs === 0) return;
  // Its snapshot from before its end is outdated.
  instance.snapshot = undefined;
  if (keepUntilMs <= endMs) remove(stored, instance);
}

function remove(stored: StoredPartition, instance: StoredInstance): void {
  const { keepUntilMs, idKeptUntilMs } = instance.entry;
  instance.history.length = 0;
  instance.snapshot = undefined;
  instance.isRemoved = true;
  if (idKeptUntilMs <= keepUntilMs) forget(stored, instance);
}

function forget(stored: StoredPartition, { entry }: StoredInstance): void {
  const text = textOf(entry.key);
  stored.instances.delete(entry.incarnation);
  if (stored.newest.get(text) === entry.incarnation) stored.newest.delete(text);
}

/** Removes up to `most` expired instances. Returns whether there are more. */
export function purge(stored: StoredPartition, nowMs: number, most: number): boolean {
  let remaining = most;
  for (const instance of [...stored.instances.values()]) {
    const { endMs, keepUntilMs, idKeptUntilMs, last } = instance.entry;
    const untilMs = instance.isRemoved ? idKeptUntilMs : keepUntilMs;
    // Changes that are not covered are committed once more from the journal when a process starts.
    if (endMs === 0 || untilMs > nowMs || last.batch > stored.coveredTo) continue;
    if (remaining-- === 0) return true;
    if (!instance.isRemoved) remove(stored, instance);
    if (idKeptUntilMs <= nowMs) forget(stored, instance);
  }
  return false;
}

export function load(stored: StoredPartition, key: InstanceKey): LoadResult {
  const instance = stored.instances.get(stored.newest.get(textOf(key)) ?? 0);
  if (instance === undefined) return { kind: "nothing" };
  const { entry, snapshot, isRemoved } = instance;
  const { incarnation, events, last, endMs, idKeptUntilMs } = entry;
  if (isRemoved) return { kind: "tombstone", untilMs: idKeptUntilMs };
  if (snapshot !== undefined) return { kind: "snapshot", snapshot: snapshot.snapshot };
  return endMs === 0 ? { kind: "nothing" } : { kind: "ended", incarnation, events, last };
}

/** Returns all snapshots with a timer, earliest first. */
export function dueInstances(stored: StoredPartition): DueInstance[] {
  return snapshotsOf(stored)
    .filter(({ dueMs }) => dueMs > 0)
    .map(({ dueMs, incarnation, key }) => ({ dueMs, incarnation, key }))
    .sort(byDue);
}

export function byDue(one: DueInstance | undefined, other: DueInstance | undefined): number {
  return (one?.dueMs ?? 0) - (other?.dueMs ?? 0) || (one?.incarnation ?? 0) - (other?.incarnation ?? 0);
}

/** Returns snapshots with effects outstanding, in order of incarnation. */
export function outstandingInstances(stored: StoredPartition): InstanceSnapshot[] {
  return snapshotsOf(stored)
    .filter(({ outstanding }) => outstanding)
    .sort((one, other) => one.incarnation - other.incarnation);
}

function snapshotsOf(stored: StoredPartition): InstanceSnapshot[] {
  return [...stored.instances.values()].flatMap(({ snapshot }) => snapshot ?? []);
}
