import { namespaceOf } from "@tutti/contracts/rpc";
import type { Pool as PoolView, WatchPoolsReply, WatchPoolsRequest } from "@tutti/contracts/swarm/v1";
import { Bell, type CallContext } from "@tutti/kernel";
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
  const wanted = async (): Promise<PoolView[]> => {
    if (request.pool === "") return poolsOf(dependencies, namespace, { signal });
    const { pool } = await remote.getPool({ namespace, pool: request.pool }, { signal });
    return pool === undefined ? [] : [pool];
  };
  const updates = async () => {
    const views = await wanted();
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
  const bell = new Bell();
  const wake = () => bell.ring();
  signal.addEventListener("abort", wake, { once: true });
  const timer = foundation.timers.every(settings.figuresMs, wake);
  const { clock } = foundation;
  let saidMs = clock.monotonic();
  try {
    yield { ...(await updates()), live: true, cursor: "" };
    for (;;) {
      await bell.rung();
      if (signal.aborted) return;
      const changed = await updates();
      const isNews = changed.pools.length + changed.removedPools.length > 0;
      if (!isNews && clock.monotonic() - saidMs < settings.signOfLifeMs) continue;
      saidMs = clock.monotonic();
      yield { ...changed, live: true, cursor: "" };
    }
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", wake);
  }
}
