/** What the archive is given of instances and of their partition. */
import { type Actor, Actor as ActorCodec, WorkStatus } from "@tutti/contracts/types/v1";
import type { IndexEntry, InstanceSnapshot } from "@tutti/journal";
import { isEnded } from "@tutti/kernel";
import type { Retention } from "../options.ts";
import { encodePartition, encodeSnapshot } from "../snapshots/snapshot.ts";
import type { Instance } from "./instance.ts";
import type { PartitionMemory } from "./memory.ts";

export function snapshotOf(instance: Instance, nowMs: number): InstanceSnapshot {
  const { key, incarnation, effects, quarantine } = instance;
  const snapshot = encodeSnapshot(instance, nowMs);
  const isAsleep = !instance.isEnded && quarantine === undefined;
  const dueMs = isAsleep ? instance.dueMs : 0;
  return { key, incarnation, snapshot, dueMs, outstanding: isAsleep && effects.size > 0 };
}

/** Its line in the index. */
export function entryOf(instance: Instance, { keepMs, idKeptMs }: Retention): IndexEntry {
  const { key, incarnation, event, startMs, endMs, startedBy, lastBatch, lastIndex } = instance;
  const { status, definition, labels, idChosen } = shownOf(instance);
  const keepUntilMs = endMs === 0 ? 0 : endMs + keepMs;
  return {
    key,
    incarnation,
    status,
    definition,
    labels,
    startMs,
    endMs,
    events: event,
    last: { batch: lastBatch, index: lastIndex },
    startedBy: encodedActor(startedBy),
    keepUntilMs,
    idKeptUntilMs: endMs !== 0 && idChosen ? keepUntilMs + idKeptMs : 0,
  };
}

/**
 * Whether nothing of an instance is to be kept: the archive does not know it, it has ended, and neither its history nor
 * its id outlives that.
 */
export function leavesNothing(instance: Instance, { keepMs, idKeptMs }: Retention): boolean {
  return (
    instance.isNew &&
    instance.isEnded &&
    keepMs === 0 &&
    instance.quarantine === undefined &&
    instance.keys === undefined &&
    instance.effects.size === 0 &&
    (idKeptMs === 0 || !shownOf(instance).idChosen)
  );
}

/** Short instances that have ended are folded from their history when somebody asks for them. */
export function isKeptByHistory(instance: Instance, eventsMax: number): boolean {
  return (
    instance.isEnded &&
    instance.quarantine === undefined &&
    instance.event <= eventsMax &&
    instance.keys === undefined
  );
}

/** An instance whose state a fault has left unusable is kept when its state was folded again. */
export function canBeKept({ quarantine }: Instance): boolean {
  return quarantine === undefined || quarantine.isRebuilt;
}

/** The partition itself, as of a batch. */
export function partitionSnapshotOf(memory: PartitionMemory, batch: number): Uint8Array {
  const { self, letters, incarnations, live, quarantined } = memory;
  const channels = [...letters.channels];
  return encodePartition({
    batch,
    event: self.event,
    eventBatch: self.lastBatch,
    eventIndex: self.lastIndex,
    incarnations,
    live,
    letters: channels.flatMap((channel) => channel.letters),
    sent: channels.map(({ service, partition, last }) => ({ service, partition, number: last })),
    taken: letters.takenEnds(),
    quarantined: [...quarantined].map(({ key }) => ({ ...key, task: "" })),
  });
}

function shownOf(instance: Instance) {
  const { quarantine, hosted, state, endMs } = instance;
  if (quarantine !== undefined && !quarantine.isRebuilt) return unreadable;
  const described = hosted.machine.describe(state);
  if (quarantine !== undefined) return { ...described, status: WorkStatus.WORK_STATUS_QUARANTINED };
  return endMs > 0 && !isEnded(described.status)
    ? { ...described, status: WorkStatus.WORK_STATUS_TERMINATED }
    : described;
}

const unreadable = {
  status: WorkStatus.WORK_STATUS_QUARANTINED,
  definition: "",
  labels: {},
  idChosen: false,
};

/** Most instances are begun by the same few, whose calls share one object. */
const actors = new WeakMap<Actor, Uint8Array>();

function encodedActor(actor: Actor | undefined): Uint8Array {
  if (actor === undefined) return nothing;
  let encoded = actors.get(actor);
  if (encoded === undefined) {
    encoded = ActorCodec.encode(actor).finish();
    actors.set(actor, encoded);
  }
  return encoded;
}

const nothing = new Uint8Array(0);
