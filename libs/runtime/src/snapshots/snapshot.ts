/** Snapshots of instances and of the partition itself, in the form of the contracts, with a checksum at the end. */
import { PartitionSnapshot, Snapshot } from "@tutti/contracts/runtime/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { crc32 } from "@tutti/journal";
import { type InstanceKey, isEnded } from "@tutti/kernel";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import { type AnsweredKey, type Instance, quarantineFor } from "../partition/instance.ts";

const writer = new FlatWriter(64 * 1024);
/** Field 17 of a snapshot and field 10 of a partition's, both `fixed32`: one or two bytes of tag, then the checksum. */
const snapshotTag = (17 << 3) | 5;
const partitionTag = (10 << 3) | 5;

function sealed(tag: number): Uint8Array {
  const checksum = crc32(writer.written());
  return writer.uint32(tag).fixed32(checksum).finish();
}

function checked(bytes: Uint8Array, tag: number, label: string): void {
  const tagBytes = tag < 0x80 ? 1 : 2;
  const end = bytes.length - tagBytes - 4;
  if (end < 0) throw new RangeError(`expected ${label}, got ${bytes.length} bytes: it is damaged`);
  const expected = crc32(bytes.subarray(0, end));
  const found = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
  const foundTag = tagBytes === 1 ? bytes[end] : ((bytes[end] ?? 0) & 0x7f) | ((bytes[end + 1] ?? 0) << 7);
  if (found !== expected || foundTag !== tag) {
    throw new RangeError(`expected ${label} with checksum ${expected}, got ${found}: it is damaged`);
  }
}

/** Encodes an instance. Its state is the one after its last event, or the one before the event that quarantined it. */
export function encodeSnapshot(instance: Instance, nowMs: number, behaviour: number): Uint8Array {
  const { key, incarnation, event, hosted, quarantine } = instance;
  const newest = hosted.machine.snapshots;
  const snapshots = newest.earlier?.(behaviour) ?? newest;
  const keys = [...(instance.keys ?? [])];
  const state = snapshots.encode(instance.state);
  instance.stateBytes = state.length;
  writer.reset();
  Snapshot.encode(
    {
      ...key,
      incarnation,
      event,
      batch: instance.lastBatch,
      index: instance.lastIndex,
      timeMs: nowMs,
      folded: instance.folded,
      stateVersion: snapshots.version,
      state,
      startMs: instance.startMs,
      endMs: instance.endMs,
      resets: instance.resets,
      startedBy: instance.startedBy,
      keys: keys.map(([name, { commandHash, reply, untilMs }]) => ({
        key: name,
        commandHash,
        reply,
        untilMs,
      })),
      quarantined: quarantine?.reason,
      parked: quarantine?.parked ?? [],
      checksum: 0,
    },
    writer,
  );
  return sealed(snapshotTag);
}

export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  checked(bytes, snapshotTag, "a snapshot");
  return Snapshot.decode(bytes);
}

/** Restores an instance from its snapshot. */
export function restore(
  instance: Instance,
  snapshot: Snapshot,
  hosted: HostedMachine,
  key: InstanceKey,
): void {
  instance.incarnation = snapshot.incarnation;
  instance.event = snapshot.event;
  instance.lastBatch = snapshot.batch;
  instance.lastIndex = snapshot.index;
  instance.startMs = snapshot.startMs;
  instance.endMs = snapshot.endMs;
  instance.resets = snapshot.resets;
  instance.startedBy = snapshot.startedBy;
  instance.stateBytes = snapshot.state.length;
  if (snapshot.keys.length > 0) {
    instance.keys = new Map(
      snapshot.keys.map(({ key: name, ...answered }): [string, AnsweredKey] => [name, answered]),
    );
  }
  if (snapshot.quarantined !== undefined) {
    instance.quarantine = {
      reason: snapshot.quarantined,
      sinceMs: snapshot.timeMs,
      folded: snapshot.folded,
      isRecorded: true,
      isRebuilt: true,
      parked: snapshot.parked,
    };
  }
  restoreState(instance, snapshot, hosted, key);
}

/** A machine that cannot read its stored state quarantines the instance: the partition continues. */
function restoreState(
  instance: Instance,
  { folded, state, stateVersion, timeMs }: Snapshot,
  { machine }: HostedMachine,
  key: InstanceKey,
): void {
  try {
    instance.state = folded === 0 ? machine.create(key) : machine.snapshots.decode(state, stateVersion);
    const isOver = instance.isEnded && instance.quarantine === undefined;
    instance.isTerminated = isOver && !isEnded(machine.describe(instance.state).status);
  } catch (error) {
    const before = instance.quarantine;
    instance.quarantine =
      before === undefined
        ? quarantineFor("snapshot", error, folded, timeMs)
        : { ...before, isRebuilt: false };
  }
}

export function encodePartition(partition: Omit<PartitionSnapshot, "checksum">): Uint8Array {
  writer.reset();
  PartitionSnapshot.encode({ ...partition, checksum: 0 }, writer);
  return sealed(partitionTag);
}

/** Undefined for an archive that has none yet. */
export function decodePartition(bytes: Uint8Array): PartitionSnapshot | undefined {
  if (bytes.length === 0) return;
  checked(bytes, partitionTag, "the snapshot of a partition");
  return PartitionSnapshot.decode(bytes);
}
