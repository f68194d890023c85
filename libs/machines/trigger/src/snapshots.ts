/** Snapshots of a trigger. */
import { TriggerSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { addHeld } from "./start/held.ts";
import { bytesOf, newTrigger, type Trigger, type TriggerView } from "./state.ts";

const newest = 1;

export const triggerSnapshots: SnapshotCodec<Trigger> = {
  version: newest,
  encode: (trigger) => TriggerSnapshotV1.encode(snapshotOf(trigger)).finish(),
  decode(bytes, version) {
    if (version === newest) return triggerOf(TriggerSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "trigger", version, newest });
  },
};

/** States by their numbers in the snapshot. */
const statuses = ["absent", "active", "paused", "removed"] as const;

export function snapshotOf(view: TriggerView): TriggerSnapshotV1 {
  // The cast is safe: the value is encoded, or displayed as JSON.
  const trigger = view as Trigger;
  const { plan, note, revision, createMs, updateMs, lastNumber, counts, paceMs } = trigger;
  return {
    plan,
    note,
    revision,
    createMs,
    updateMs,
    lastNumber,
    paceMs,
    standing: statuses.indexOf(trigger.status),
    counts: { ...counts, dead: 0, waiting: 0 },
    groups: [...trigger.groups.values()],
    waiting: [...trigger.waiting.values()],
    starting: [...trigger.starting.values()],
    live: [...trigger.live].map(([runId, group]) => ({ runId, group })),
    dead: [...trigger.dead.values()],
    seen: [...trigger.seen].map(([digest, untilMs]) => ({ digest, untilMs })),
    recent: trigger.recent,
    former: [...trigger.former].map(([former, formerPlan]) => ({ revision: former, plan: formerPlan })),
  };
}

function triggerOf(snapshot: TriggerSnapshotV1): Trigger {
  const { note, revision, createMs, updateMs, lastNumber, paceMs, counts } = snapshot;
  const trigger = newTrigger();
  Object.assign(trigger, { note, revision, createMs, updateMs, lastNumber, paceMs });
  trigger.status = statuses[snapshot.standing] ?? "absent";
  if (snapshot.plan !== undefined) trigger.plan = snapshot.plan;
  if (counts !== undefined) {
    const { received, started, signalled, duplicates, skipped, dropped } = counts;
    trigger.counts = { received, started, signalled, duplicates, skipped, dropped };
  }
  for (const group of snapshot.groups) {
    trigger.groups.set(group.group, group);
    trigger.heldBytes += bytesOf(group.items);
  }
  for (const start of snapshot.waiting) {
    trigger.waiting.set(start.number, start);
    addHeld(trigger, start);
  }
  for (const batch of snapshot.starting) {
    trigger.starting.set(batch.batch, batch);
    for (const start of batch.starts) addHeld(trigger, start);
  }
  for (const { runId, group } of snapshot.live) trigger.live.set(runId, group);
  for (const deadLetter of snapshot.dead) {
    trigger.dead.set(deadLetter.number, deadLetter);
    trigger.deadBytes += deadLetter.item?.event.length ?? 0;
  }
  for (const { digest, untilMs } of snapshot.seen) trigger.seen.set(digest, untilMs);
  trigger.recent.push(...snapshot.recent);
  for (const { revision: former, plan } of snapshot.former)
    if (plan !== undefined) trigger.former.set(former, plan);
  return trigger;
}
