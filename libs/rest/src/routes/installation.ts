import type { Route } from "./route.ts";

const registry = "tutti.registry.v1.RegistryService";
const runtime = "tutti.runtime.v1.RuntimeService";

export const installationRoutes = [
  { name: "services.list", method: "GET", path: "/v1/services", rpc: `${registry}/ListServices` },
  { name: "instances.list", method: "GET", path: "/v1/instances", rpc: `${registry}/FindInstances` },
  {
    name: "instances.get",
    method: "GET",
    path: "/v1/instances/{id}",
    rpc: `${registry}/GetInstance`,
    params: { id: "instanceId" },
  },
  {
    name: "capabilities.list",
    method: "GET",
    path: "/v1/capabilities",
    rpc: `${registry}/GetCapabilityMap`,
  },
  {
    name: "capabilities.get",
    method: "GET",
    path: "/v1/capabilities/{name}",
    rpc: `${registry}/FindCapabilities`,
    params: { name: "name" },
  },
  {
    name: "quarantine.list",
    method: "GET",
    path: "/v1/quarantine",
    rpc: `${runtime}/ListQuarantined`,
    service: "workflow",
  },
  {
    name: "quarantine.repair",
    method: "POST",
    path: "/v1/quarantine/{kind}/{id}/repair",
    rpc: `${runtime}/RepairQuarantined`,
    service: "workflow",
    params: { kind: "kind", id: "id" },
  },
  {
    name: "pause.get",
    method: "GET",
    path: "/v1/pause",
    rpc: `${runtime}/GetPause`,
    service: "workflow",
  },
  {
    name: "pause.release",
    method: "POST",
    path: "/v1/pause/release",
    rpc: `${runtime}/ReleaseWork`,
    service: "workflow",
  },
  {
    name: "partitions.list",
    method: "GET",
    path: "/v1/partitions",
    rpc: `${runtime}/ListPartitions`,
    service: "workflow",
  },
  {
    name: "blobs.get",
    method: "GET",
    path: "/v1/blobs/{sha256}",
    stream: "bytes",
    summary: "Gives the bytes of a blob, which an input or an output refers to.",
  },
  {
    name: "blobs.put",
    method: "POST",
    path: "/v1/blobs",
    body: "content",
    summary: "Stores the bytes of the body and gives the reference that inputs and outputs carry.",
  },
  {
    name: "events",
    method: "GET",
    path: "/v1/events",
    stream: "events",
    summary: "Follows the events of the installation whose types match patterns, from a cursor on.",
  },
  {
    name: "metrics.list",
    method: "GET",
    path: "/v1/metrics",
    summary: "Lists the metrics of the installation or of a namespace.",
  },
  {
    name: "metrics.series",
    method: "GET",
    path: "/v1/metrics/series",
    summary: "Gives metrics as series over time, up to 90 days back.",
  },
  {
    name: "facts.list",
    method: "GET",
    path: "/v1/facts",
    rpc: "tutti.insight.v1.FactService/ListFacts",
  },
  {
    name: "facts.query",
    method: "POST",
    path: "/v1/query",
    rpc: "tutti.insight.v1.FactService/QueryFacts",
  },
  {
    name: "status",
    method: "GET",
    path: "/v1/status",
    summary: "Gives the tree of services and components of the process that answers, and how each is doing.",
  },
  {
    name: "whoami",
    method: "GET",
    path: "/v1/whoami",
    summary: "Says who the caller is, and what may be done.",
  },
  {
    name: "signIn",
    method: "POST",
    path: "/v1/sign-in",
    open: true,
    summary:
      "Signs a browser in with a one-time token, a key or a token; the answer sets the cookie. It is then whom that stands for.",
  },
  {
    name: "waysToSignIn",
    method: "GET",
    path: "/v1/sign-in",
    open: true,
    summary: "Lists the issuers by which people sign in to the page.",
  },
  { name: "signOut", method: "POST", path: "/v1/sign-out", open: true, summary: "Signs a browser out." },
  {
    name: "signInLink",
    method: "POST",
    path: "/v1/sign-in/link",
    summary: "Gives a link that signs a browser in, once.",
  },
  {
    name: "signIns.list",
    method: "GET",
    path: "/v1/sign-ins",
    summary: "Lists the browsers that are signed in, the latest first.",
  },
  {
    name: "signIns.revoke",
    method: "POST",
    path: "/v1/sign-ins/revoke",
    summary: "Ends sign-ins of browsers: one, all of somebody, or all.",
  },
  {
    name: "missingRights",
    method: "GET",
    path: "/v1/missing-rights",
    summary:
      "Lists the routes that the caller may not call in a namespace, with why, the roles that would permit it, and who gives them.",
  },
  {
    name: "webhooks.tell",
    method: "POST",
    path: "/v1/webhooks/{name}",
    open: true,
    summary:
      "Takes what somebody else tells, signed as Standard Webhooks has it: a run begins, or is told a signal, as `gateway.webhooks` says.",
  },
  {
    name: "openapi",
    method: "GET",
    path: "/v1/openapi.json",
    open: true,
    summary: "Gives the description of these routes as OpenAPI 3.1.",
  },
] as const satisfies readonly Route[];
