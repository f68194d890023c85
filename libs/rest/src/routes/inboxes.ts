import type { Route } from "./route.ts";

const inboxes = "tutti.swarm.v1.InboxService";
const id = { id: "inboxId" } as const;

export const inboxRoutes = [
  { name: "inboxes.list", method: "GET", path: "/v1/inboxes", rpc: `${inboxes}/ListInboxes` },
  { name: "inboxes.get", method: "GET", path: "/v1/inboxes/{id}", rpc: `${inboxes}/GetInbox`, params: id },
  {
    name: "inboxes.set",
    method: "PUT",
    path: "/v1/inboxes/{id}",
    rpc: `${inboxes}/SetInbox`,
    params: { id: "inbox.inboxId" },
    query: { revision: "revision", reason: "reason" },
    body: "inbox",
  },
  {
    name: "inboxes.delegate",
    method: "POST",
    path: "/v1/inbox-tasks/{id}/delegate",
    rpc: `${inboxes}/DelegateInboxTask`,
    params: { id: "runId" },
  },
  {
    name: "inboxes.delete",
    method: "DELETE",
    path: "/v1/inboxes/{id}",
    rpc: `${inboxes}/DeleteInbox`,
    params: id,
  },
] as const satisfies readonly Route[];
