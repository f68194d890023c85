/** What the gateway answers by itself, without an rpc that would say so: by what a policy calls it. */
export const edgeActions = {
  status: { action: "gateway.status.get", resource: "status" },
  signInLink: { action: "gateway.links.create", resource: "link" },
  seeSignIns: { action: "gateway.sign_ins.list", resource: "sign_in" },
  endSignIns: { action: "gateway.sign_ins.revoke", resource: "sign_in" },
  events: { action: "gateway.events.watch", resource: "event" },
} as const;
