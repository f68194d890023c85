import type { Route } from "./route.ts";

const locks = "tutti.session.v1.LockService";
const service = "master";
const name = { name: "name" } as const;

export const lockRoutes = [
  { name: "locks.list", method: "GET", path: "/v1/locks", rpc: `${locks}/ListLocks`, service },
  {
    name: "locks.watch",
    method: "GET",
    path: "/v1/watch/locks",
    rpc: `${locks}/WatchLocks`,
    service,
    stream: "events",
  },
  {
    name: "locks.get",
    method: "GET",
    path: "/v1/locks/{name}",
    rpc: `${locks}/GetLock`,
    service,
    params: name,
  },
  {
    name: "locks.set",
    method: "PUT",
    path: "/v1/locks/{name}",
    rpc: `${locks}/SetLock`,
    service,
    params: name,
  },
  {
    name: "locks.acquire",
    method: "POST",
    path: "/v1/locks/{name}/acquire",
    rpc: `${locks}/AcquireLock`,
    service,
    params: name,
  },
  {
    name: "locks.release",
    method: "POST",
    path: "/v1/locks/{name}/release",
    rpc: `${locks}/ReleaseLock`,
    service,
    params: name,
  },
  {
    name: "locks.break",
    method: "POST",
    path: "/v1/locks/{name}/break",
    rpc: `${locks}/BreakLock`,
    service,
    params: name,
  },
  { name: "locks.renew", method: "POST", path: "/v1/leases/renew", rpc: `${locks}/RenewLocks`, service },
  { name: "locks.deadlocks", method: "GET", path: "/v1/deadlocks", rpc: `${locks}/ListDeadlocks`, service },
] as const satisfies readonly Route[];
