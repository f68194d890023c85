import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Bundle, BundleContent, Scope } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { localAdministrator, type Principal, toTimestamp } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import { type Incoming, Mesh } from "@tutti/mesh";
import { loadCedar, sealed, signerOf } from "@tutti/policy";
import { Guard } from "./guard.ts";
import { trustIn, trustOf } from "./open-guard.ts";
import { Rules } from "./rules.ts";
import { accessSection } from "./settings.ts";

const signer = signerOf(new Uint8Array(32).fill(7));
const signing = { signingKeyId: "key_1", key: signer };
const serviceKey = "0123456789abcdef0123456789abcdef";
const agent: Principal = { kind: "agent", id: "a", roles: [] };

function bundleOf(number: number, createMs: number, content: Partial<BundleContent> = {}): Bundle {
  const times = { number, createTime: toTimestamp(createMs), maxAgeMs: 60_000 };
  return sealed({ ...BundleContent.create(), ...content, ...times }, signing);
}

function guardWith({ isLoopback = false, serviceKey: key = "" } = {}) {
  const foundation = testFoundation();
  const mesh = new Mesh({ settings: { transport: "in-process" }, foundation });
  const guard = new Guard({
    ...{ foundation, isLoopback, serviceKey: key, mesh: () => mesh, dataDirectory: undefined },
    ...{ settings: accessSection.schema.parse({}), processId: "proc_1", newId: () => "dec_1" },
    trust: () => trustIn(`key_1:${Buffer.from(signer.publicKey).toString("base64url")}`),
  });
  return { guard, foundation };
}

function incoming(overrides: Partial<Incoming> = {}): Incoming {
  return {
    ...{ transport: "grpc", presented: undefined, credential: "", namespace: "default", hosted: "" },
    ...{ deadlineMs: Number.POSITIVE_INFINITY, parent: undefined, idempotencyKey: "", ownerEpoch: 0 },
    ...{ peer: undefined, address: () => "10.0.0.9" },
    ...overrides,
  };
}

describe("identification of callers", () => {
  it("trusts a caller in the same process, a service certificate and the service key", () => {
    const { guard } = guardWith({ serviceKey });
    const believed = [
      incoming({ transport: "in-process", presented: agent }),
      incoming({ presented: agent, peer: () => "spiffe://tutti/service/workflow" }),
      incoming({ presented: agent, credential: serviceKey }),
    ];
    for (const each of believed) assert.equal(guard.identify(each), agent);
  });

  it("does not accept a claimed name, on an address that other machines reach", () => {
    const { guard } = guardWith();
    for (const peer of [
      undefined,
      () => undefined,
      () => "spiffe://tutti/agent/a",
      () => "spiffe://x/service/w",
    ])
      assert.throws(() => guard.identify(incoming({ presented: localAdministrator, peer })), {
        code: "access.credential_needed",
        message: /Create a key with `tutti key create`, and send it as/,
      });
  });

  it("treats a caller without credentials on a loopback address as the local administrator, or as the less privileged caller it presents", () => {
    const { guard } = guardWith({ isLoopback: true });
    assert.equal(guard.identify(incoming()), localAdministrator);
    assert.equal(guard.identify(incoming({ presented: agent })), agent);
    assert.equal(
      guard.authorize(agent, { action: "a.b", resource: "b", within: undefined }, "x").allowed,
      false,
    );
  });

  it("fails with a retryable error for a key while no rules are in force, also with a claimed identity", async () => {
    const { guard } = guardWith({ isLoopback: true });
    const call = incoming({ credential: "tutti_live_x", presented: localAdministrator });
    await assert.rejects(async () => guard.identify(call), {
      code: "access.rules_unknown",
      status: "UNAVAILABLE",
    });
  });

  it("is not to be had by a service key that could be guessed", () => {
    assert.throws(() => guardWith({ serviceKey: "short" }), { code: "access.service_key_short" });
  });
});

describe("the rules in force", () => {
  const trusted = () =>
    trustOf({
      ...{ signingKeyId: "key_1", publicKey: signer.publicKey, endorsement: new Uint8Array(0) },
      ...{ startTime: undefined, endTime: undefined },
    });

  it("stay if a bundle is older, altered, or signed with another key, and the reason is recorded", async () => {
    const rules = new Rules(trusted());
    await rules.accept(bundleOf(5, 1_000), 1_000);
    const before = rules.inForce(1_000);
    const foreign = sealed(
      BundleContent.fromPartial({ number: 6, createTime: toTimestamp(1_000), maxAgeMs: 1 }),
      { signingKeyId: "key_1", key: signerOf(new Uint8Array(32).fill(8)) },
    );
    const altered = { ...bundleOf(7, 1_000), content: bundleOf(7, 1_000, { tokenKeys: ["{}"] }).content };
    for (const [bundle, reason] of [
      [bundleOf(5, 1_000), /expected a bundle after 5, got 5/],
      [foreign, /the signature is not that of the key/],
      [altered, /the signature is not that of the key/],
    ] as const) {
      assert.equal(await rules.accept(bundle, 1_000), undefined);
      assert.match(rules.refused, reason);
      assert.equal(rules.inForce(1_000), before);
    }
  });

  it("stay if the policies of a bundle cannot be loaded, and the same bundle is accepted later", async () => {
    let isBroken = true;
    const rules = new Rules(trusted(), () =>
      isBroken ? Promise.reject(new Error("no memory")) : loadCedar(),
    );
    await rules.accept(bundleOf(1, 1_000), 1_000);
    const before = rules.inForce(1_000);
    const policies = [{ namespace: "default", policyId: "p", text: "permit(principal, action, resource);" }];
    const bundle = bundleOf(2, 1_000, BundleContent.fromPartial({ policies }));
    await assert.rejects(rules.accept(bundle, 1_000), /no memory/);
    assert.equal(rules.inForce(1_000), before);
    assert.equal(rules.number, 1);
    isBroken = false;
    assert.equal((await rules.accept(bundle, 1_000))?.number, 2);
    assert.equal(rules.inForce(1_000)?.content.number, 2);
  });

  it("expire with the maximum age of the bundle, and return with the next bundle", async () => {
    const rules = new Rules(trusted());
    await rules.accept(bundleOf(1, 1_000), 1_000);
    assert.notEqual(rules.inForce(60_999), undefined);
    assert.equal(rules.inForce(61_000), undefined);
    assert.equal(rules.isStale(61_000), true);
    await rules.accept(bundleOf(2, 61_000), 61_000);
    assert.notEqual(rules.inForce(61_000), undefined);
  });

  it("keep their authorizer until a bundle changes the bindings", async () => {
    const rules = new Rules(trusted());
    await rules.accept(bundleOf(1, 1_000), 1_000);
    const authorizer = rules.inForce(1_000)?.authorizer;
    await rules.accept(bundleOf(2, 1_000, { revokedTokenIds: ["t"] }), 1_000);
    assert.equal(rules.inForce(1_000)?.authorizer, authorizer);
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
    const binding = { namespace: "default", role: "viewer", bindingId: "b" };
    const bindings = [{ ...binding, subject: { $case: "actor" as const, value: actor } }];
    await rules.accept(bundleOf(3, 1_000, BundleContent.fromPartial({ bindings })), 1_000);
    assert.notEqual(rules.inForce(1_000)?.authorizer, authorizer);
  });

  it("grant a key the intersection of its roles and its scope, only in its namespace", async () => {
    const rules = new Rules(trusted());
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
    const binding = { namespace: "default", role: "viewer", bindingId: "b" };
    const bindings = [{ ...binding, subject: { $case: "actor" as const, value: actor } }];
    await rules.accept(bundleOf(1, 1_000, BundleContent.fromPartial({ bindings })), 1_000);
    const scope = Scope.fromPartial({ actions: ["workflow.*"] });
    const credential = { id: "k", namespace: "default", groups: [], scope };
    const ada = { kind: "person" as const, id: "ada", roles: [], credential };
    const authorizer = rules.inForce(1_000)?.authorizer;
    const allowedTo = (action: string, namespace = "default") =>
      authorizer?.authorize(ada, { action, resource: "run", within: undefined }, namespace, 1_000).decision;
    assert.deepEqual(allowedTo("workflow.runs.list"), {
      allowed: true,
      principal: { ...ada, roles: ["viewer"], right: "role:viewer" },
    });
    assert.deepEqual(allowedTo("workflow.runs.start"), {
      allowed: false,
      reason: "no role or policy permits it",
    });
    assert.deepEqual(allowedTo("swarm.pools.list"), {
      allowed: false,
      reason: "it is narrowed to workflow.*",
      remedy: "Use a credential with a wider scope.",
    });
    assert.deepEqual(allowedTo("workflow.runs.list", "b"), {
      allowed: false,
      reason: "the credential is of namespace `default`",
      remedy: "Send the request in namespace `default`, or use a credential of this namespace.",
      home: "default",
    });
  });
});
