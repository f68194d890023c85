import { namespaceOf } from "@tutti/contracts/rpc";
import type { Pool as PoolView, WatchPoolsReply, WatchPoolsRequest } from "@tutti/contracts/swarm/v1";
import { Bell } from "@tutti/kernel";
import type { Desk } from "../desk.ts";
import { viewOf } from "./view.ts";

/** Follows pools: a snapshot, then those that stand otherwise, once per period of figures. */
export async function* watchPools(
  desk: Desk,
  request: WatchPoolsRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchPoolsReply> {
  const { pools, settings, foundation } = desk;
  const namespace = namespaceOf(request);
  const told = new Map<string, string>();
  const news = (): PoolView[] => {
    const wanted = request.pool === "" ? pools.of(namespace) : [pools.insist(namespace, request.pool)];
    const views = wanted.map((pool) => viewOf(desk, pool));
    return views.filter((view) => {
      const text = JSON.stringify(view);
      const isNew = told.get(view.pool) !== text;
      told.set(view.pool, text);
      return isNew;
    });
  };
  const bell = new Bell();
  const wake = () => bell.ring();
  signal.addEventListener("abort", wake, { once: true });
  const timer = foundation.timers.every(settings.figuresMs, wake);
  const { clock } = foundation;
  let saidMs = clock.monotonic();
  try {
    yield { pools: news(), removedPools: [], live: true, cursor: "" };
    for (;;) {
      await bell.rung();
      if (signal.aborted) return;
      const changed = news();
      const isWordDue = clock.monotonic() - saidMs >= settings.signOfLifeMs;
      if (changed.length === 0 && !isWordDue) continue;
      saidMs = clock.monotonic();
      yield { pools: changed, removedPools: [], live: true, cursor: "" };
    }
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", wake);
  }
}
