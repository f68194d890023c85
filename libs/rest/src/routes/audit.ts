import type { Route } from "./route.ts";

const audit = "tutti.governance.v1.AuditService";

export const auditRoutes = [
  {
    name: "audit.search",
    method: "GET",
    path: "/v1/audit/records",
    rpc: `${audit}/SearchRecords`,
    hoist: ["filter"],
  },
  {
    name: "audit.get",
    method: "GET",
    path: "/v1/audit/records/{id}",
    rpc: `${audit}/GetRecord`,
    params: { id: "recordId" },
  },
  {
    name: "audit.prove",
    method: "GET",
    path: "/v1/audit/records/{id}/proof",
    rpc: `${audit}/ProveInclusion`,
    params: { id: "recordId" },
  },
  {
    name: "audit.export",
    method: "GET",
    path: "/v1/watch/audit/export",
    rpc: `${audit}/ExportRecords`,
    hoist: ["filter"],
    stream: "events",
  },
  {
    name: "audit.verify",
    method: "GET",
    path: "/v1/watch/audit/verify",
    rpc: `${audit}/VerifyAudit`,
    stream: "events",
  },
  {
    name: "audit.checkpoints",
    method: "GET",
    path: "/v1/audit/checkpoints",
    rpc: `${audit}/ListCheckpoints`,
  },
  {
    name: "audit.watchCheckpoints",
    method: "GET",
    path: "/v1/watch/audit/checkpoints",
    rpc: `${audit}/WatchCheckpoints`,
    stream: "events",
  },
  {
    name: "audit.checkpoint",
    method: "GET",
    path: "/v1/audit/checkpoints/{number}",
    rpc: `${audit}/GetCheckpoint`,
    params: { number: "number" },
  },
  {
    name: "audit.proveConsistency",
    method: "GET",
    path: "/v1/audit/consistency",
    rpc: `${audit}/ProveConsistency`,
  },
  { name: "audit.keys", method: "GET", path: "/v1/audit/keys", rpc: `${audit}/ListSigningKeys` },
] as const satisfies readonly Route[];
