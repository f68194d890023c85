import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { meshErrors } from "../errors.ts";
import { serverCall } from "../testing/calls.ts";
import { note } from "../testing/index.ts";
import { type Authorizer, identityInterceptor, localIdentity } from "./identity.ts";

/** Allows all requests in the namespace `shop`, and records them. */
function guarded(name: Parameters<typeof serverCall>[0]) {
  const requests: string[] = [];
  const authorizer: Authorizer = {
    authorize(principal, { action }, namespace) {
      requests.push(`${principal.id} ${action} ${namespace}`);
      return namespace === "shop" ? { allowed: true } : { allowed: false, reason: "not here" };
    },
  };
  const gate = { identity: localIdentity, authorizer };
  return { requests, ...serverCall(name, [identityInterceptor(gate, new VirtualTime())]) };
}

describe("the right to make a call", () => {
  it("is decided for the namespace of the request, and not for that of the headers", () => {
    const { requests, call, chain } = guarded("get");
    chain.before(call);
    chain.request(call, note({ namespace: "shop" }));
    assert.deepEqual(requests, ["local-admin notes.get shop"]);
    assert.equal(call.namespace, "shop");
  });

  it("is decided once for messages of a stream that name the same namespace", () => {
    const { requests, call, chain } = guarded("talk");
    chain.before(call);
    for (let count = 0; count < 3; count++) chain.request(call, note({ namespace: "shop", count }));
    assert.deepEqual(requests, ["local-admin notes.talk shop"]);
  });

  it("is decided again for a message of a stream that names another namespace", () => {
    const { requests, call, chain } = guarded("talk");
    chain.before(call);
    chain.request(call, note({ namespace: "shop" }));
    assert.throws(
      () => chain.request(call, note({ namespace: "bank" })),
      (error) => meshErrors.denied.is(error),
    );
    assert.deepEqual(requests, ["local-admin notes.talk shop", "local-admin notes.talk bank"]);
  });
});
