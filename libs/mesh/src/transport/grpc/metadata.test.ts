import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Metadata } from "@grpc/grpc-js";
import { Scope } from "@tutti/contracts/governance/v1";
import { localAdministrator, type Principal } from "@tutti/kernel";
import fc from "fast-check";
import { ClientCall } from "../../client/client-call.ts";
import { clientCall } from "../../testing/calls.ts";
import { metadataOf, readMetadata } from "./metadata.ts";

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 });
const names = fc.array(word, { maxLength: 4 });
const principal: fc.Arbitrary<Principal> = fc.record(
  {
    kind: fc.constantFrom("person", "service", "agent"),
    id: fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
    roles: names,
    credential: fc.record(
      {
        id: text,
        namespace: text,
        groups: names,
        scope: fc.tuple(names, names).map(([actions, namespaces]) => Scope.create({ actions, namespaces })),
      },
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true, requiredKeys: ["kind", "id", "roles"] },
);

describe("the headers of a call", () => {
  it("carry principal, namespace, key and trace, with any characters", () => {
    fc.assert(
      fc.property(principal, text, text, (caller, namespace, idempotencyKey) => {
        const { method } = clientCall("get");
        const times = { startedMs: 0, deadlineMs: 1 };
        const parts = {
          method,
          context: undefined,
          trace: undefined,
          namespace,
          idempotencyKey,
          affinity: "",
          instance: "",
          ...times,
        };
        const call = new ClientCall(parts, undefined);
        call.principal = caller;
        call.ownerEpoch = 7;
        call.trace = {
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331",
          sampled: true,
        };
        const read = readMetadata(metadataOf(call));
        assert.deepEqual(read, {
          presented: caller,
          namespace: namespace === "" ? "default" : namespace,
          idempotencyKey,
          credential: "",
          hosted: "",
          ownerEpoch: 7,
          parent: call.trace,
        });
      }),
    );
  });

  it("replace half a character with the replacement character", () => {
    const { method } = clientCall("get");
    const parts = { method, context: undefined, trace: undefined, namespace: "", affinity: "", instance: "" };
    const times = { startedMs: 0, deadlineMs: 1 };
    const call = new ClientCall({ ...parts, ...times, idempotencyKey: "a\ud800" }, undefined);
    call.principal = { kind: "person", id: "\udc00", roles: ["\ud800"] };
    const { idempotencyKey, presented } = readMetadata(metadataOf(call));
    assert.deepEqual(
      [idempotencyKey, presented],
      ["a\ufffd", { kind: "person", id: "\ufffd", roles: ["\ufffd"] }],
    );
  });

  it("of foreign clients may be absent or invalid", () => {
    const absent = readMetadata(new Metadata());
    assert.deepEqual(absent, {
      presented: undefined,
      credential: "",
      namespace: "default",
      idempotencyKey: "",
      hosted: "",
      ownerEpoch: 0,
      parent: undefined,
    });
    const strange = new Metadata();
    strange.set("traceparent", "nonsense");
    strange.set("tutti-principal", "root?all");
    strange.set("tutti-namespace", "100%");
    strange.set("tutti-owner-epoch", "-1.5");
    strange.set("authorization", "Bearer ");
    assert.deepEqual(readMetadata(strange), {
      presented: { kind: "person", id: "unreadable", roles: [] },
      credential: "none",
      namespace: "100%",
      idempotencyKey: "",
      hosted: "",
      ownerEpoch: 0,
      parent: undefined,
    });
  });

  it("pass on no caller if the credential is invalid", () => {
    for (const credential of ["", "k", "k;a", "k;a;", "k;a;;CgM", "k;a;;;"]) {
      const metadata = new Metadata();
      metadata.set("tutti-principal", `person/ada?admin;${credential}`);
      assert.deepEqual(readMetadata(metadata).presented, { kind: "person", id: "unreadable", roles: [] });
    }
  });

  it("show a key, and any other content in its place as an unknown key", () => {
    assert.equal(readMetadata(metadataOf(clientCall("get"), "tutti_live_x")).credential, "tutti_live_x");
    const basic = new Metadata();
    basic.set("authorization", "Basic YTpi");
    assert.equal(readMetadata(basic).credential, "Basic YTpi");
  });

  it("return the local administrator as the identical object", () => {
    assert.equal(readMetadata(metadataOf(clientCall("get"))).presented, localAdministrator);
  });
});
