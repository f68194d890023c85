/** Snapshots of a limit. */
import { LimitHolder, LimitSnapshotV1 } from "@tutti/contracts/workflow/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { dueMsOf } from "./pace.ts";
import { type Limit, nameOf, newLimit } from "./state.ts";

const newest = 1;

export const limitSnapshots: SnapshotCodec<Limit> = {
  version: newest,
  encode: (limit) => LimitSnapshotV1.encode(snapshotOf(limit as Limit)).finish(),
  decode(bytes, version) {
    if (version === newest) return limitOf(LimitSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "limit", version, newest });
  },
};

export function snapshotOf(limit: Limit): LimitSnapshotV1 {
  const { used, set, implied, description, revision, updateMs, lastTicket, line } = limit;
  const { shares } = line;
  const places = new Map(shares.map(({ name }, place) => [name, place]));
  return {
    used,
    set,
    implied,
    description,
    labels: limit.labels,
    revision,
    updateMs,
    lastTicket,
    rateMs: limit.rateMs,
    putOffMs: limit.putOffMs,
    passed: line.passed,
    shares: shares.map(({ name, weight, passed }) => ({ name, weight, passed })),
    holds: [...limit.holds.values()],
    waiting: [...line.waiters.values()].map(({ share, ...waiter }) => ({
      ...waiter,
      share: places.get(share) ?? 0,
    })),
    grantedCount: limit.grantedCount,
    ...(limit.name !== undefined && { name: limit.name }),
  };
}

function limitOf(snapshot: LimitSnapshotV1): Limit {
  const { used, set, implied, description, revision, updateMs, lastTicket, rateMs, putOffMs } = snapshot;
  const limit = newLimit();
  Object.assign(limit, { used, set, implied, description, revision, updateMs, lastTicket, rateMs, putOffMs });
  limit.labels = snapshot.labels;
  limit.name = snapshot.name;
  limit.grantedCount = snapshot.grantedCount;
  for (const { holder = LimitHolder.create(), ...held } of snapshot.holds) {
    limit.holds.set(held.ticket, { ...held, holder });
    limit.leases.add(held.ticket, held.dueMs);
    limit.heldWeight += held.weight;
    limit.byHolder.set(nameOf(holder), held.ticket);
  }
  const waiters = snapshot.waiting.map(({ share, holder = LimitHolder.create(), ...waiter }) => ({
    ...waiter,
    holder,
    share: snapshot.shares[share]?.name ?? "",
  }));
  for (const { holder, ticket } of waiters) limit.byHolder.set(nameOf(holder), ticket);
  limit.line.restore(snapshot.passed, snapshot.shares, waiters);
  limit.dueMs = dueMsOf(limit);
  return limit;
}
