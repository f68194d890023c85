import { ScalingsNotedV1 } from "@tutti/contracts/swarm/v1";
import type { Pool, PoolEvent } from "../state.ts";
import { noPast, type ScalerPast, withArrivals, withCrashes, withScaling } from "./past.ts";

export const scalingsNoted: PoolEvent<ScalingsNotedV1> = {
  type: "scalings_noted",
  version: 1,
  codec: ScalingsNotedV1,
  evolve(pool, { scalings, crashes, arrivals }) {
    for (const { scalerId, scaling } of scalings)
      if (scaling !== undefined) change(pool, scalerId, (past) => withScaling(past, scaling));
    for (const { scalerId, agentId, crashes: count, how } of crashes)
      change(pool, scalerId, (past) => withCrashes(past, agentId, { count, how }));
    for (const { scalerId, stretch, tasks } of arrivals)
      change(pool, scalerId, (past) => withArrivals(past, stretch, tasks));
  },
};

function change({ pasts }: Pool, scalerId: string, after: (past: ScalerPast) => ScalerPast): void {
  pasts.set(scalerId, after(pasts.get(scalerId) ?? noPast));
}
