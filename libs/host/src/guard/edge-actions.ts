/** Actions and resources, as policies name them, of requests that the gateway answers without an rpc. */
export const edgeActions = {
  status: { action: "gateway.status.get", resource: "status" },
  signInLink: { action: "gateway.links.create", resource: "link" },
  seeSignIns: { action: "gateway.sign_ins.list", resource: "sign_in" },
  endSignIns: { action: "gateway.sign_ins.revoke", resource: "sign_in" },
  events: { action: "gateway.events.watch", resource: "event" },
} as const;
