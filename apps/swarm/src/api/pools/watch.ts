import { namespaceOf } from "@tutti/contracts/rpc";
import type { Pool as PoolView, WatchPoolsReply, WatchPoolsRequest } from "@tutti/contracts/swarm/v1";
import { type CallContext, Notifier } from "@tutti/kernel";
import type { PoolDependencies } from "../dependencies.ts";
import { poolsOf } from "./listing.ts";

/** Watches pools: a snapshot, then changed and removed pools, at most once per interval. */
export async function* watchPools(
  dependencies: PoolDependencies,
  request: WatchPoolsRequest,
  { signal }: Pick<CallContext, "signal">,
): AsyncGenerator<WatchPoolsReply> {
  const { settings, foundation, remote } = dependencies;
  const namespace = namespaceOf(request);
  const sent = new Map<string, string>();
  const readViews = async (): Promise<PoolView[]> => {
    if (request.pool === "") return poolsOf(dependencies, namespace, { signal });
    const { pool } = await remote.getPool({ namespace, pool: request.pool }, { signal });
    return pool === undefined ? [] : [pool];
  };
  const updates = async () => {
    const views = await readViews();
    const pools = views.filter((view) => {
      const text = JSON.stringify(view);
      const isNew = sent.get(view.pool) !== text;
      sent.set(view.pool, text);
      return isNew;
    });
    const there = new Set(views.map(({ pool }) => pool));
    const removedPools = [...sent.keys()].filter((name) => !there.has(name));
    for (const name of removedPools) sent.delete(name);
    return { pools, removedPools };
  };
  const bell = new Notifier();
  const wake = () => bell.notify();
  signal.addEventListener("abort", wake, { once: true });
  const timer = foundation.timers.every(settings.watchIntervalMs, wake);
  const { clock } = foundation;
  let sentMs = clock.monotonic();
  try {
    yield { ...(await updates()), live: true, cursor: "" };
    for (;;) {
      await bell.notified();
      if (signal.aborted) return;
      const changed = await updates();
      const hasChanges = changed.pools.length + changed.removedPools.length > 0;
      if (!hasChanges && clock.monotonic() - sentMs < settings.keepaliveMs) continue;
      sentMs = clock.monotonic();
      yield { ...changed, live: true, cursor: "" };
    }
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", wake);
  }
}
