import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { BundleContent, Policy, Role, RoleBinding } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { unscoped } from "../scope/scope.ts";
import { type Cedar, loadCedar } from "./cedar.ts";
import { grantersIn, type LackQuestion, lacksOf } from "./lacks.ts";
import { wideEvaluator } from "./matrix.ts";

const nowMs = 1_767_225_600_000;
const person = (id: string): Actor => ({ kind: ActorKind.ACTOR_KIND_PERSON, id });
const named = [
  { action: "workflow.runs.get", resource: "run" },
  { action: "workflow.runs.start", resource: "run" },
  { action: "governance.keys.create", resource: "key" },
];

function bindingOf(role: string, id: string, fields: Partial<RoleBinding> = {}): RoleBinding {
  const subject = { $case: "actor" as const, value: person(id) };
  const binding = { namespace: "shop", bindingId: `${id}-${role}`, role, subject };
  return RoleBinding.fromPartial({ ...binding, ...fields });
}

const policyOf = (text: string) =>
  Policy.fromPartial({ namespace: "shop", policyId: "p", text, enforcement: 1 });

describe("missing rights of a caller", () => {
  let cedar: Cedar;
  before(async () => {
    cedar = await loadCedar();
  });

  function lacks(content: Partial<BundleContent>, request: Partial<LackQuestion> = {}) {
    const complete = { ...BundleContent.create(), ...content };
    const identity = { actor: person("ada"), groups: [], home: "shop", scope: unscoped, namespace: "shop" };
    return lacksOf(wideEvaluator(cedar, complete), complete, { ...identity, ...request }, named, nowMs);
  }
  const describe = (...args: Parameters<typeof lacks>) =>
    lacks(...args).map(({ action, why }) => `${action} ${why}`);

  it("are the actions that no role of the caller permits, with the roles that would, the least first", () => {
    assert.deepEqual(lacks({ bindings: [bindingOf("viewer", "ada")] }), [
      { action: "workflow.runs.start", why: "missing", roles: ["operator", "developer", "admin"] },
      { action: "governance.keys.create", why: "missing", roles: ["admin"] },
    ]);
    assert.deepEqual(describe({ bindings: [bindingOf("admin", "ada")] }), []);
    assert.equal(lacks({}).length, 3);
  });

  it("name roles of the namespace, and no roles of another", () => {
    const roles = ["shop", "other"].map((namespace) =>
      Role.fromPartial({ namespace, role: `${namespace}-starter`, actions: ["workflow.runs.start"] }),
    );
    const [, start] = lacks({ roles });
    assert.deepEqual(start?.roles, ["shop-starter", "operator", "developer", "admin"]);
  });

  it("exclude actions that the caller may do on some objects", () => {
    const onSome = bindingOf("operator", "ada", {
      resources: { equals: { team: "a" }, exists: [], absent: [] },
    });
    assert.deepEqual(describe({ bindings: [onSome] }), ["governance.keys.create missing"]);
    const text =
      'permit(principal, action == Action::"governance.keys.create", resource) when { context has x };';
    assert.deepEqual(describe({ policies: [policyOf(text)] }), [
      "workflow.runs.get missing",
      "workflow.runs.start missing",
    ]);
  });

  it("include actions that a policy forbids on all objects, which no role changes", () => {
    const bindings = [bindingOf("admin", "ada")];
    const forbid = 'forbid(principal, action == Action::"workflow.runs.start", resource)';
    assert.deepEqual(lacks({ bindings, policies: [policyOf(`${forbid};`)] }), [
      { action: "workflow.runs.start", why: "forbidden", roles: [] },
    ]);
    const sometimes = `${forbid} when { context has dry };`;
    assert.deepEqual(describe({ bindings, policies: [policyOf(sometimes)] }), []);
  });

  it("include actions outside of the scope of the key or token, and all actions outside of the home namespace", () => {
    const bindings = [bindingOf("admin", "ada")];
    const scope = { ...unscoped, actions: ["workflow.*"] };
    assert.deepEqual(describe({ bindings }, { scope }), ["governance.keys.create narrowed"]);
    assert.equal(describe({ bindings }, { scope: { ...unscoped, namespaces: ["other"] } }).length, 3);
    assert.equal(describe({ bindings }, { home: "other" }).length, 3);
    assert.deepEqual(describe({ bindings }, { home: "" }), []);
  });

  it("can be granted by the callers that may bind roles in the namespace at this time", () => {
    const everywhere = { namespace: "system" };
    const group = RoleBinding.fromPartial({
      ...{ namespace: "shop", bindingId: "g", role: "admin", subject: { $case: "group", value: "ops" } },
    });
    const bindings = [
      ...[
        bindingOf("admin", "ann"),
        bindingOf("admin", "root", everywhere),
        bindingOf("developer", "bob"),
        group,
      ],
      bindingOf("admin", "late", { expireTime: toTimestamp(nowMs - 1) }),
      bindingOf("admin", "far", { namespace: "other" }),
    ];
    const content = { ...BundleContent.create(), bindings };
    assert.deepEqual(grantersIn(content, "shop", nowMs), ["group:ops", "person:ann", "person:root"]);
  });
});
