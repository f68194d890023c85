/** The stored form of instances in the archive. */
import { type Actor, Actor as ActorCodec, WorkStatus } from "@tutti/contracts/types/v1";
import type { IndexEntry, InstanceSnapshot } from "@tutti/journal";
import { type Description, isEnded } from "@tutti/kernel";
import type { Retention } from "../options.ts";
import { encodeSnapshot } from "../snapshots/snapshot.ts";
import type { Instance } from "./instance.ts";

export function snapshotOf(instance: Instance, nowMs: number, behaviour: number): InstanceSnapshot {
  const { key, incarnation, effects, quarantine } = instance;
  const snapshot = encodeSnapshot(instance, nowMs, behaviour);
  const isActive = !instance.isEnded && quarantine === undefined;
  const dueMs = isActive ? instance.dueMs : 0;
  return { key, incarnation, snapshot, dueMs, outstanding: isActive && effects.size > 0 };
}

/** Returns the index line of an instance. */
export function entryOf(instance: Instance, retention: Retention): IndexEntry {
  const { key, incarnation, event, startMs, endMs, startedBy, lastBatch, lastIndex } = instance;
  const described = descriptionOf(instance);
  const retained = endMs === 0 ? unlimited : retentionEndOf(instance, described, retention);
  const { status, definition, labels } = described;
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
    ...retained,
  };
}

interface RetentionEnd {
  readonly keepUntilMs: number;
  readonly idKeptUntilMs: number;
}

const unlimited: RetentionEnd = { keepUntilMs: 0, idKeptUntilMs: 0 };

/** Minimum time that an ended instance is kept while it awaits the results of effects. */
const awaitingMs = 3_600_000;

/** Returns whether the archive removes the instance as soon as it receives this line. */
export function isRemoval({ endMs, keepUntilMs }: IndexEntry): boolean {
  return endMs > 0 && keepUntilMs <= endMs;
}

/**
 * Returns until when an instance is kept. An instance that is removed early is kept until its end, and its id stays
 * reserved from the removal on. An instance that may continue, by a repair or the result of an effect, must not be
 * removed meanwhile.
 */
function retentionEndOf(
  { endMs, effects, quarantine }: Instance,
  { keepMs: ownMs, removedMs, idChosen }: Pick<Description, "keepMs" | "removedMs" | "idChosen">,
  { keepMs, idKeptMs }: Retention,
): RetentionEnd {
  if (quarantine !== undefined) return { keepUntilMs: Number.MAX_SAFE_INTEGER, idKeptUntilMs: 0 };
  const leastMs = effects.size > 0 ? awaitingMs : 0;
  const keepUntilMs = removedMs === undefined ? endMs + Math.max(ownMs ?? keepMs, leastMs) : endMs;
  return { keepUntilMs, idKeptUntilMs: idChosen ? (removedMs ?? keepUntilMs) + idKeptMs : 0 };
}

/**
 * Returns until when the id of an instance stays reserved that is in memory but no longer kept. Undefined if the
 * instance is kept. From that moment on nothing happens to it: its history may be removed at any time, and later events
 * would have no beginning.
 */
export function reservedUntil(instance: Instance, retention: Retention, nowMs: number): number | undefined {
  const { endMs, quarantine } = instance;
  if (endMs === 0 || quarantine !== undefined) return undefined;
  const described = descriptionOf(instance);
  const { keepUntilMs, idKeptUntilMs } = retentionEndOf(instance, described, retention);
  // An instance that is not kept at all may continue until the archive knows its end.
  const isRetained = keepUntilMs > endMs || described.removedMs !== undefined;
  return isRetained && nowMs >= keepUntilMs ? Math.max(nowMs, idKeptUntilMs) : undefined;
}

/**
 * Returns whether nothing of an instance is to be kept: it has ended, the archive does not know it, and neither its
 * history nor its id is kept after the end.
 */
export function isDiscarded(instance: Instance, { keepMs, idKeptMs }: Retention): boolean {
  const isIdle = instance.isNew && instance.isEnded && instance.quarantine === undefined;
  if (!isIdle || keepMs > 0 || instance.keys !== undefined || instance.effects.size > 0) return false;
  const described = descriptionOf(instance);
  return (described.keepMs ?? 0) === 0 && (idKeptMs === 0 || !described.idChosen);
}

/** Short ended instances are folded from their history on request. */
export function isRestoredFromHistory(instance: Instance, eventsMax: number): boolean {
  return (
    instance.isEnded &&
    instance.quarantine === undefined &&
    instance.event <= eventsMax &&
    instance.keys === undefined
  );
}

/** An instance whose state is unusable after a fault is archived once its state was folded again. */
export function canBeArchived({ quarantine }: Instance): boolean {
  return quarantine === undefined || quarantine.isRebuilt;
}

function descriptionOf(instance: Instance): Description {
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

/** Most instances are started by the same few callers, whose calls share one object. */
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
