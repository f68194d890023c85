import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ApiKey,
  BundleContent,
  Enforcement,
  IssuedToken,
  KeepMode,
  Policy,
  Principal,
  RoleBinding,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { isRefusal, toTimestamp } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { tenantKey } from "../testing/tenant.ts";
import {
  applyPolicies,
  binding,
  bundlePart,
  keepKey,
  keepToken,
  principal,
  revokeKey,
  revokeTokens,
  tenant,
} from "./index.ts";

const key = tenantKey("shop");
const either = { revision: 0, mode: KeepMode.KEEP_MODE_UNSPECIFIED };
const person = (id: string) => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });

describe("a tenant's part of a bundle", () => {
  it("contains everything in its namespace that affects decisions, and nothing that has ended or is off", () => {
    const driver = new MachineDriver({ machines: [tenant], service: "governance" });
    const { ENFORCEMENT_OFF: off, ENFORCEMENT_SHADOW: shadow } = Enforcement;
    const at = (ms: number) => toTimestamp(driver.nowMs + ms);
    const set = [
      Policy.fromPartial({ policyId: "tried", enforcement: shadow }),
      Policy.fromPartial({ policyId: "off", enforcement: off }),
    ];
    driver.execute(key, applyPolicies, { set, removedPolicyIds: [], version: 0 });
    for (const [id, groups] of [
      ["ada", ["night"]],
      ["bob", []],
    ] as const)
      driver.execute(key, principal.keep, {
        principal: Principal.fromPartial({ actor: person(id), groups: [...groups] }),
        ...either,
      });
    for (const [bindingId, ms] of [
      ["long", 10_000],
      ["short", 1_000],
    ] as const) {
      const subject = { $case: "actor" as const, value: person("ada") };
      const given = RoleBinding.fromPartial({ bindingId, role: "viewer", subject, expireTime: at(ms) });
      driver.execute(key, binding.keep, { binding: given, ...either });
    }
    for (const keyId of ["one", "two"])
      driver.execute(key, keepKey, {
        key: ApiKey.fromPartial({ keyId, actor: person("ada") }),
        hash: `hash-${keyId}`,
        replacesKeyId: "",
        overlapUntilMs: 0,
      });
    driver.execute(key, revokeKey, { keyId: "two" });
    for (const tokenId of ["a", "b"])
      driver.execute(key, keepToken, {
        token: IssuedToken.fromPartial({ tokenId, actor: person("ada"), expireTime: at(60_000) }),
        redeemsTokenId: "",
      });
    driver.execute(key, revokeTokens, { tokenId: "a", actor: undefined });
    driver.advance(5_000);
    const part = driver.query(key, bundlePart, { namespace: "shop", nowMs: driver.nowMs });
    assert.ok(!isRefusal(part));
    assert.deepEqual(
      part.policies.map(({ policyId, namespace }) => [policyId, namespace]),
      [["tried", "shop"]],
    );
    assert.deepEqual(
      part.principals.map(({ actor }) => actor?.id),
      ["ada"],
    );
    assert.deepEqual(
      part.bindings.map(({ bindingId }) => bindingId),
      ["long"],
    );
    assert.deepEqual(
      part.keys.map(({ keyId, hash, namespace }) => [keyId, hash, namespace]),
      [["one", "hash-one", "shop"]],
    );
    assert.deepEqual(part.revokedTokenIds, ["a"]);
    const full = BundleContent.fromPartial({ ...part, number: 1 });
    assert.deepEqual(BundleContent.decode(BundleContent.encode(full).finish()), full);
  });
});
