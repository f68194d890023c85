import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { BundleContent, Policy, Role, RoleBinding } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { unscoped } from "../scope/scope.ts";
import { type Cedar, loadCedar } from "./cedar.ts";
import { giversIn, type LackQuestion, lacksOf } from "./lacks.ts";
import { wideEvaluator } from "./matrix.ts";

const nowMs = 1_767_225_600_000;
const person = (id: string): Actor => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const named = [
  { action: "workflow.runs.get", resource: "run" },
  { action: "workflow.runs.start", resource: "run" },
  { action: "governance.keys.create", resource: "key" },
];

function bound(role: string, id: string, given: Partial<RoleBinding> = {}): RoleBinding {
  const subject = { $case: "actor" as const, value: person(id) };
  const binding = { namespace: "shop", bindingId: `${id}-${role}`, role, subject };
  return RoleBinding.fromPartial({ ...binding, ...given });
}

const policyOf = (text: string) =>
  Policy.fromPartial({ namespace: "shop", policyId: "p", text, enforcement: 1 });

describe("missing rights of a caller", () => {
  let cedar: Cedar;
  before(async () => {
    cedar = await loadCedar();
  });

  function lacks(content: Partial<BundleContent>, request: Partial<LackQuestion> = {}) {
    const whole = { ...BundleContent.create(), ...content };
    const who = { actor: person("ada"), groups: [], home: "shop", scope: unscoped, namespace: "shop" };
    return lacksOf(wideEvaluator(cedar, whole), whole, { ...who, ...request }, named, nowMs);
  }
  const words = (...given: Parameters<typeof lacks>) =>
    lacks(...given).map(({ action, why }) => `${action} ${why}`);

  it("is what no role of theirs permits, with the roles that would, the least first", () => {
    assert.deepEqual(lacks({ bindings: [bound("viewer", "ada")] }), [
      { action: "workflow.runs.start", why: "missing", roles: ["operator", "developer", "admin"] },
      { action: "governance.keys.create", why: "missing", roles: ["admin"] },
    ]);
    assert.deepEqual(words({ bindings: [bound("admin", "ada")] }), []);
    assert.equal(lacks({}).length, 3);
  });

  it("names roles made for the namespace, and not those of another", () => {
    const roles = ["shop", "other"].map((namespace) =>
      Role.fromPartial({ namespace, role: `${namespace}-starter`, actions: ["workflow.runs.start"] }),
    );
    const [, start] = lacks({ roles });
    assert.deepEqual(start?.roles, ["shop-starter", "operator", "developer", "admin"]);
  });

  it("is not what they may do on some things alone", () => {
    const onSome = bound("operator", "ada", { resources: { equals: { team: "a" }, exists: [], absent: [] } });
    assert.deepEqual(words({ bindings: [onSome] }), ["governance.keys.create missing"]);
    const text =
      'permit(principal, action == Action::"governance.keys.create", resource) when { context has x };';
    assert.deepEqual(words({ policies: [policyOf(text)] }), [
      "workflow.runs.get missing",
      "workflow.runs.start missing",
    ]);
  });

  it("include actions that a policy forbids on all objects, which no role changes", () => {
    const bindings = [bound("admin", "ada")];
    const forbid = 'forbid(principal, action == Action::"workflow.runs.start", resource)';
    assert.deepEqual(lacks({ bindings, policies: [policyOf(`${forbid};`)] }), [
      { action: "workflow.runs.start", why: "forbidden", roles: [] },
    ]);
    const sometimes = `${forbid} when { context has dry };`;
    assert.deepEqual(words({ bindings, policies: [policyOf(sometimes)] }), []);
  });

  it("is what the key or token that was shown is narrowed from, and everything elsewhere than at home", () => {
    const bindings = [bound("admin", "ada")];
    const scope = { ...unscoped, actions: ["workflow.*"] };
    assert.deepEqual(words({ bindings }, { scope }), ["governance.keys.create narrowed"]);
    assert.equal(words({ bindings }, { scope: { ...unscoped, namespaces: ["other"] } }).length, 3);
    assert.equal(words({ bindings }, { home: "other" }).length, 3);
    assert.deepEqual(words({ bindings }, { home: "" }), []);
  });

  it("can be given by the caller that may bind roles there, at this time", () => {
    const everywhere = { namespace: "system" };
    const group = RoleBinding.fromPartial({
      ...{ namespace: "shop", bindingId: "g", role: "admin", subject: { $case: "group", value: "ops" } },
    });
    const bindings = [
      ...[bound("admin", "ann"), bound("admin", "root", everywhere), bound("developer", "bob"), group],
      bound("admin", "late", { expireTime: toTimestamp(nowMs - 1) }),
      bound("admin", "far", { namespace: "other" }),
    ];
    const content = { ...BundleContent.create(), bindings };
    assert.deepEqual(giversIn(content, "shop", nowMs), ["group:ops", "person:ann", "person:root"]);
  });
});
