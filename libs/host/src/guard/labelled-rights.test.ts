import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BundleContent, Scope } from "@tutti/contracts/governance/v1";
import { ActorKind, LabelSelector } from "@tutti/contracts/types/v1";
import { LabelledRights } from "./labelled-rights.ts";
import type { Visitor } from "./visitor.ts";

type Content = Parameters<typeof BundleContent.fromPartial>[0];
const resources = LabelSelector.fromPartial({ equals: { team: "a" } });
const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const toAda = { $case: "actor" as const, value: ada };
const toOps = { $case: "group" as const, value: "ops" };

function visitor(id: string, { groups = [] as string[], scope = Scope.create() } = {}): Visitor {
  return { kind: "person", id, roles: [], credential: { id: "key-1", namespace: "shop", groups, scope } };
}

const rightsOf = (content: Content) => new LabelledRights(BundleContent.fromPartial(content));

describe("labels count", () => {
  it("only for a caller whose role is bound to labels", () => {
    const rights = rightsOf({ bindings: [{ subject: toAda, resources }, { subject: toOps }] });
    assert.equal(rights.countFor(visitor("ada")), true);
    assert.equal(rights.countFor(visitor("bob", { groups: ["ops"] })), false);
  });

  it("for a caller in such a group, by its credentials or by the bundle", () => {
    const rights = rightsOf({
      bindings: [{ subject: toOps, resources }],
      principals: [{ actor: ada, groups: ["night", "ops"] }],
    });
    assert.equal(rights.countFor(visitor("bob", { groups: ["ops"] })), true);
    assert.equal(rights.countFor(visitor("ada")), true);
    assert.equal(rights.countFor(visitor("bob")), false);
  });

  it("for a caller whose key or token is limited to labels", () => {
    assert.equal(rightsOf({}).countFor(visitor("ada", { scope: Scope.fromPartial({ resources }) })), true);
    assert.equal(rightsOf({}).countFor(visitor("ada")), false);
  });

  it("for every caller if a policy reads labels", () => {
    const readsLabels = `forbid(principal, action, resource) when { resource.hasTag("frozen") };`;
    assert.equal(rightsOf({ policies: [{ text: readsLabels }] }).countFor(visitor("ada")), true);
    const plain = `forbid(principal, action, resource) when { context has address };`;
    assert.equal(rightsOf({ policies: [{ text: plain }] }).countFor(visitor("ada")), false);
  });
});
