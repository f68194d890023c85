import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AgentGrant } from "@tutti/contracts/governance/v1";
import fc from "fast-check";
import { bothGrants, type GrantQuestion, grantFaults } from "./agent-grant.ts";

const grant = (parts: Partial<AgentGrant> = {}): AgentGrant => ({
  ...{ pools: ["*"], offers: ["*"], namespaces: [], maxSlots: 0 },
  ...parts,
});
const questionOf = (parts: Partial<GrantQuestion> = {}): GrantQuestion => ({
  ...{ namespace: "shop", pool: "night", capabilities: ["pay.charge"], slots: 2 },
  ...parts,
});

describe("the grant of an agent", () => {
  it("reports each violation separately, with the granted value", () => {
    const tight = grant({ pools: ["day"], offers: ["pay.ch*"], namespaces: ["bank"], maxSlots: 1 });
    assert.deepEqual(grantFaults(tight, questionOf({ capabilities: ["pay.charge", "pay.refund"] })), [
      { field: "namespace", found: "namespace shop", granted: "bank" },
      { field: "pool", found: "pool night", granted: "day" },
      { field: "offering.capabilities[1].name", found: "capability pay.refund", granted: "pay.ch*" },
      { field: "offering.slots", found: "2 slots", granted: "at most 1" },
    ]);
  });

  it("with empty pools or offers grants none, but without namespaces or a slot limit grants all", () => {
    const fields = (parts: Partial<AgentGrant>) =>
      grantFaults(grant(parts), questionOf()).map(({ field, granted }) => `${field}: ${granted}`);
    assert.deepEqual(fields({ pools: [] }), ["pool: none"]);
    assert.deepEqual(fields({ offers: [] }), ["offering.capabilities[0].name: none"]);
    assert.deepEqual(fields({ namespaces: [], maxSlots: 0 }), []);
  });

  const pattern = fc.constantFrom("*", "pay.*", "pay.charge", "*.charge", "ship.box", "night", "day");
  const anyGrant = fc.record({
    pools: fc.array(pattern, { maxLength: 3 }),
    offers: fc.array(pattern, { maxLength: 3 }),
    namespaces: fc.subarray(["shop", "bank"]),
    maxSlots: fc.integer({ min: 0, max: 3 }),
  });
  const anyQuestion = fc.record({
    namespace: fc.constantFrom("shop", "bank"),
    pool: fc.constantFrom("night", "day"),
    capabilities: fc.array(fc.constantFrom("pay.charge", "pay.refund", "ship.box"), { maxLength: 3 }),
    slots: fc.integer({ min: 1, max: 4 }),
  });

  it("by two grants is never more than by each of them", () => {
    fc.assert(
      fc.property(anyGrant, anyGrant, anyQuestion, (one, other, asked) => {
        const both = bothGrants(one, other);
        assert.ok(both !== undefined);
        if (grantFaults(both, asked).length > 0) return;
        assert.deepEqual(grantFaults(one, asked), []);
        assert.deepEqual(grantFaults(other, asked), []);
      }),
    );
  });

  it("by a wide and a narrow grant is the narrow one", () => {
    const wide = grant({ offers: ["pay.*"], maxSlots: 8 });
    const narrow = grant({ pools: ["night"], offers: ["pay.charge"], namespaces: ["shop"], maxSlots: 2 });
    for (const both of [bothGrants(wide, narrow), bothGrants(narrow, wide)]) assert.deepEqual(both, narrow);
    assert.equal(bothGrants(undefined, narrow), narrow);
    assert.equal(bothGrants(narrow, undefined), narrow);
    assert.equal(bothGrants(undefined, undefined), undefined);
  });
});
