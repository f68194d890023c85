import type { Route } from "./route.ts";

const pools = "tutti.swarm.v1.PoolService";
const hooks = "tutti.swarm.v1.HookService";
const pool = { pool: "pool" } as const;
const id = { id: "hookId" } as const;

export const poolRoutes = [
  { name: "pools.list", method: "GET", path: "/v1/pools", rpc: `${pools}/ListPools`, omit: ["ownedBeside"] },
  { name: "pools.create", method: "POST", path: "/v1/pools", rpc: `${pools}/CreatePool`, body: "pool" },
  { name: "pools.get", method: "GET", path: "/v1/pools/{pool}", rpc: `${pools}/GetPool`, params: pool },
  {
    name: "pools.update",
    method: "PATCH",
    path: "/v1/pools/{pool}",
    rpc: `${pools}/UpdatePool`,
    params: { pool: "pool.pool" },
    query: { reason: "reason" },
    body: "pool",
    merge: { field: "pool", mask: "update.fields", revision: "update.revision" },
  },
  {
    name: "pools.delete",
    method: "DELETE",
    path: "/v1/pools/{pool}",
    rpc: `${pools}/DeletePool`,
    params: pool,
  },
  {
    name: "pools.pause",
    method: "POST",
    path: "/v1/pools/{pool}/pause",
    rpc: `${pools}/PausePool`,
    params: pool,
  },
  {
    name: "pools.resume",
    method: "POST",
    path: "/v1/pools/{pool}/resume",
    rpc: `${pools}/ResumePool`,
    params: pool,
  },
  {
    name: "pools.limits",
    method: "GET",
    path: "/v1/pools/{pool}/limits",
    rpc: `${pools}/ListPoolLimits`,
    params: pool,
  },
  {
    name: "pools.setLimit",
    method: "PUT",
    path: "/v1/pools/{pool}/limits",
    rpc: `${pools}/SetPoolLimit`,
    params: pool,
    query: { reason: "reason" },
    body: "limit",
  },
  {
    name: "pools.deleteLimit",
    method: "DELETE",
    path: "/v1/pools/{pool}/limits",
    rpc: `${pools}/DeletePoolLimit`,
    params: pool,
  },
  {
    name: "pools.queue",
    method: "GET",
    path: "/v1/pools/{pool}/queue",
    rpc: `${pools}/ListQueue`,
    params: pool,
  },
  {
    name: "pools.why",
    method: "GET",
    path: "/v1/pools/{pool}/why",
    rpc: `${pools}/ExplainPlacement`,
    params: pool,
    hoist: ["work"],
  },
  {
    name: "pools.watch",
    method: "GET",
    path: "/v1/watch/pools",
    rpc: `${pools}/WatchPools`,
    stream: "events",
  },
  { name: "hooks.list", method: "GET", path: "/v1/hooks", rpc: `${hooks}/ListHooks` },
  { name: "hooks.create", method: "POST", path: "/v1/hooks", rpc: `${hooks}/CreateHook`, body: "hook" },
  { name: "hooks.get", method: "GET", path: "/v1/hooks/{id}", rpc: `${hooks}/GetHook`, params: id },
  {
    name: "hooks.update",
    method: "PATCH",
    path: "/v1/hooks/{id}",
    rpc: `${hooks}/UpdateHook`,
    params: { id: "hook.hookId" },
    query: { reason: "reason" },
    body: "hook",
    merge: { field: "hook", mask: "update.fields", revision: "update.revision" },
  },
  { name: "hooks.delete", method: "DELETE", path: "/v1/hooks/{id}", rpc: `${hooks}/DeleteHook`, params: id },
] as const satisfies readonly Route[];
