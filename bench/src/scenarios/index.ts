import type { Scenario } from "../scenario.ts";
import { adapters } from "./adapters.ts";
import { agents } from "./agents.ts";
import { blob } from "./blob/blob.ts";
import { cache } from "./cache.ts";
import { cluster } from "./cluster/cluster.ts";
import { commands } from "./commands.ts";
import { dag } from "./dag.ts";
import { durable } from "./durable/durable.ts";
import { forecasts } from "./forecasts.ts";
import { idle } from "./idle.ts";
import { insight, insightMemory } from "./insight/insight.ts";
import { adaptive } from "./modes/adaptive.ts";
import { efficiency } from "./modes/efficiency.ts";
import { peers } from "./peers/peers.ts";
import { estimates } from "./plan/estimates.ts";
import { plan } from "./plan/plan.ts";
import { api } from "./rest/api.ts";
import { objects } from "./runtime/objects.ts";
import { runtime } from "./runtime/runtime.ts";
import { scale } from "./scale/scale.ts";
import { start } from "./start.ts";
import { swarm } from "./swarm/swarm.ts";
import { chain } from "./task/chain.ts";
import { live } from "./task/live.ts";
import { trigger } from "./trigger/trigger.ts";
import { whatIfReplay } from "./what-if.ts";

/** The scenarios, in the order in which `guard` runs them. */
export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [
    ...[start, idle, api, chain, runtime, swarm, cluster, live, objects, peers],
    ...[trigger, insight, insightMemory, adapters, commands, agents, cache, durable, blob, dag],
    ...[plan, estimates, forecasts, whatIfReplay, efficiency, adaptive, scale],
  ].map((scenario) => [scenario.name, scenario]),
);
