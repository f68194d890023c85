import type { Scenario } from "../scenario.ts";
import { blob } from "./blob/blob.ts";
import { cluster } from "./cluster/cluster.ts";
import { dag } from "./dag.ts";
import { durable } from "./durable/durable.ts";
import { idle } from "./idle.ts";
import { efficiency } from "./modes/efficiency.ts";
import { nats } from "./nats.ts";
import { plan } from "./plan/plan.ts";
import { planLarge } from "./plan/plan-large.ts";
import { governed } from "./policy/governed.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { api } from "./rest/api.ts";
import { restart } from "./restart.ts";
import { runtime } from "./runtime/runtime.ts";
import { sessionChain } from "./sessions/session-chain.ts";
import { start } from "./start.ts";
import { swarm } from "./swarm/swarm.ts";
import { chain } from "./task/chain.ts";
import { live } from "./task/live.ts";
import { trigger } from "./trigger/trigger.ts";

/** In the order in which `guard` runs them. */
export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [
    ...[start, restart, idle, api, chain, runtime, swarm, cluster, governed, live],
    ...[trigger, postgres, redis, nats, durable, blob, sessionChain, dag, planLarge, plan, efficiency],
  ].map((scenario) => [scenario.name, scenario]),
);
