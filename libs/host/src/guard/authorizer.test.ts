import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BundleContent, Scope } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { Authorizer } from "./authorizer.ts";
import type { Visitor } from "./visitor.ts";

describe("an authorized caller", () => {
  it("has its roles, the groups of its credential, and those of its principal", () => {
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
    const content = BundleContent.fromPartial({
      bindings: [
        { namespace: "shop", bindingId: "b", role: "operator", subject: { $case: "actor", value: actor } },
      ],
      principals: [{ namespace: "shop", actor, groups: ["night"] }],
    });
    const credential = { id: "key-1", namespace: "shop", groups: ["day"], scope: Scope.create() };
    const ada: Visitor = { kind: "person", id: "ada", roles: [], credential };
    const rule = { action: "workflow.approvals.decide", resource: "approval" } as never;
    const { decision } = new Authorizer(undefined, content).authorize(ada, rule, "shop", 0);
    assert.ok(decision.allowed);
    assert.deepEqual(decision.principal?.roles, ["operator", "day", "night"]);
  });
});
