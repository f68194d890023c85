/** Snapshots of a pool. */
import {
  type KeptHold,
  type KeptHook,
  type KeptInbox,
  type KeptPoolLimit,
  type KeptScaler,
  KeptSince,
  PoolSnapshotV1,
} from "@tutti/contracts/swarm/v1";
import type { Since, Stored } from "../kit/stored.ts";
import { type AgentHold, newPool, type Pool } from "./state.ts";

export const snapshot = { codec: PoolSnapshotV1, of: snapshotOf, from: poolOf };

function snapshotOf({
  changes,
  settings,
  pause,
  limits,
  hooks,
  scalers,
  inboxes,
  holds,
  pasts,
  reservedStarts,
  timesTended,
}: Pool): PoolSnapshotV1 {
  return {
    changes,
    pool: settings?.value,
    since: settings && sinceOf(settings),
    paused: pause.paused,
    pauseReason: pause.reason,
    pauseSince: pause.since && sinceOf(pause.since),
    slowStart: pause.slowStart,
    slowUntilMs: pause.slowUntilMs,
    limits: [...limits.values()].map(
      (stored): KeptPoolLimit => ({ limit: stored.value, since: sinceOf(stored) }),
    ),
    hooks: [...hooks.values()].map((stored): KeptHook => ({ hook: stored.value, since: sinceOf(stored) })),
    scalers: [...scalers.values()].map(
      (stored): KeptScaler => ({ scaler: stored.value, since: sinceOf(stored) }),
    ),
    holds: [...holds.values()].map((stored): KeptHold => ({ ...stored.value, since: sinceOf(stored) })),
    timesTended,
    pasts: [...pasts].map(([scalerId, past]) => ({
      scalerId,
      scalings: [...past.scalings],
      crashes: Object.fromEntries([...past.crashes].map(([agentId, { count }]) => [agentId, count])),
      crashCauses: Object.fromEntries(
        [...past.crashes].filter(([, { how }]) => how !== "").map(([agentId, { how }]) => [agentId, how]),
      ),
      firstStretch: past.firstStretch,
      arrivals: [...past.arrivals],
    })),
    inboxes: [...inboxes.values()].map(
      (stored): KeptInbox => ({ inbox: stored.value, since: sinceOf(stored) }),
    ),
    reservedStarts: [...reservedStarts.values()],
  };
}

function poolOf(snapshot: PoolSnapshotV1): Pool {
  const { changes, pool: value, since, paused, pauseReason, pauseSince, slowStart, slowUntilMs } = snapshot;
  const pool = newPool();
  pool.changes = changes;
  pool.timesTended = snapshot.timesTended;
  if (value !== undefined) pool.settings = storedOf(value, since);
  pool.pause = {
    paused,
    reason: pauseReason,
    since: pauseSince && ofSince(pauseSince),
    slowStart,
    slowUntilMs,
  };
  for (const { limit, since } of snapshot.limits)
    if (limit !== undefined) pool.limits.set(limit.key, storedOf(limit, since));
  for (const { hook, since } of snapshot.hooks)
    if (hook !== undefined) pool.hooks.set(hook.hookId, storedOf(hook, since));
  for (const { scaler, since } of snapshot.scalers)
    if (scaler !== undefined) pool.scalers.set(scaler.scalerId, storedOf(scaler, since));
  for (const { inbox, since } of snapshot.inboxes)
    if (inbox !== undefined) pool.inboxes.set(inbox.inboxId, storedOf(inbox, since));
  for (const { since, agentId, hold, reason } of snapshot.holds)
    pool.holds.set(agentId, storedOf<AgentHold>({ agentId, hold, reason }, since));
  for (const { scalerId, crashes, crashCauses, ...past } of snapshot.pasts) {
    const causes = new Map(Object.entries(crashCauses));
    const entries = Object.entries(crashes).map(([agentId, count]) => {
      return [agentId, { count, how: causes.get(agentId) ?? "" }] as const;
    });
    pool.pasts.set(scalerId, { ...past, crashes: new Map(entries) });
  }
  for (const reserved of snapshot.reservedStarts) pool.reservedStarts.set(reserved.limit, reserved);
  return pool;
}

function sinceOf({ createMs, updateMs, cause, revision }: Since): KeptSince {
  return { createMs, updateMs, cause, revision };
}

function storedOf<T>(value: T, since: KeptSince | undefined): Stored<T> {
  return { value, ...ofSince(since ?? KeptSince.create()) };
}

function ofSince(since: KeptSince): Since {
  return { ...since, createCause: undefined };
}
