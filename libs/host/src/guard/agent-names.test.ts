import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BundleContent } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { AgentNames } from "./agent-names.ts";
import type { Visitor } from "./visitor.ts";

const { ACTOR_KIND_AGENT: agent, ACTOR_KIND_PERSON: person } = ActorKind;
const credential = { id: "key-1", namespace: "shop", groups: [], scope: {} };
const visitor = (kind: Visitor["kind"], id: string) =>
  ({ kind, id, roles: [], credential }) as unknown as Visitor;

const content = BundleContent.fromPartial({
  principals: [{ namespace: "shop", actor: { kind: agent, id: "kept" } }],
  keys: [
    { namespace: "shop", actor: { kind: agent, id: "keyed" } },
    { namespace: "shop", actor: { kind: person, id: "ada" } },
  ],
  bindings: [
    { namespace: "shop", subject: { $case: "actor", value: { kind: agent, id: "bound" } } },
    { namespace: "system", subject: { $case: "actor", value: { kind: agent, id: "everywhere" } } },
    { namespace: "shop", subject: { $case: "group", value: "fleet" } },
  ],
});

describe("ids of agents", () => {
  const names = new AgentNames();
  names.renew(content);

  it("that governance knows belong to their agents in their namespace, and those of `system` in every namespace", () => {
    for (const id of ["kept", "keyed", "bound", "everywhere"]) {
      assert.equal(names.isOfAnother(visitor("agent", id), "shop", id), false, id);
      assert.equal(names.isOfAnother(visitor("agent", "press"), "shop", id), true, id);
      assert.equal(names.isOfAnother(visitor("person", "ada"), "shop", id), false, id);
    }
    assert.equal(names.isOfAnother(visitor("agent", "press"), "night", "kept"), false);
    assert.equal(names.isOfAnother(visitor("agent", "press"), "night", "everywhere"), true);
  });

  it("without an agent are free for any caller, also those of people and groups", () => {
    for (const id of ["press-7", "ada", "fleet"])
      assert.equal(names.isOfAnother(visitor("agent", "press"), "shop", id), false, id);
  });

  it("are free again with the first bundle that has no agent of that id", () => {
    const renewed = new AgentNames();
    renewed.renew(content);
    renewed.renew(BundleContent.create());
    assert.equal(renewed.isOfAnother(visitor("agent", "press"), "shop", "kept"), false);
  });
});
