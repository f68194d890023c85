import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AgentGrant, Scope } from "@tutti/contracts/governance/v1";
import fc from "fast-check";
import { matchesAny } from "../access/action-pattern.ts";
import { narrowed, type ScopedQuestion, scopeFault, unscoped } from "./scope.ts";

const action = fc.constantFrom("workflow.runs.start", "workflow.runs.get", "swarm.pools.get");
const pattern = fc.constantFrom(
  "*",
  "workflow.*",
  "workflow.runs.*",
  "*.get",
  "workflow.runs.start",
  "swarm.pools.get",
);
const namespace = fc.constantFrom("one", "two");
const label = fc.constantFrom("team", "zone");
const value = fc.constantFrom("a", "b");
const some = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 2 });
const work = fc.record({
  namespace: fc.constantFrom("", "one"),
  kind: fc.constantFrom("run", "mission"),
  id: fc.constantFrom("x", "y"),
  task: fc.constantFrom("", "t"),
});
const scope: fc.Arbitrary<Scope> = fc.record({
  actions: some(pattern),
  namespaces: some(namespace),
  resources: fc.option(
    fc.record({
      equals: fc.dictionary(label, value, { maxKeys: 2 }),
      exists: some(label),
      absent: some(label),
    }),
    { nil: undefined },
  ),
  work: fc.option(work, { nil: undefined }),
  agent: fc.constant(undefined),
});
const question: fc.Arbitrary<ScopedQuestion> = fc.record({
  action,
  namespace,
  labels: fc.dictionary(label, value, { maxKeys: 2 }),
  work: fc.option(work, { nil: undefined }),
});

describe("a scope", () => {
  it("narrowed by another scope permits no action that either scope denies", () => {
    fc.assert(
      fc.property(scope, scope, question, (own, requested, asked) => {
        const found = narrowed(own, requested);
        if (found.kind === "refused" || scopeFault(found.scope, asked) !== undefined) return;
        assert.equal(scopeFault(own, asked), undefined);
        assert.equal(scopeFault(requested, asked), undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  it("permits the same after it is narrowed by itself or by an unlimited scope", () => {
    fc.assert(
      fc.property(scope, question, (own, asked) => {
        for (const requested of [own, unscoped]) {
          const found = narrowed(own, requested);
          assert.ok(found.kind === "narrowed");
          assert.equal(scopeFault(found.scope, asked) === undefined, scopeFault(own, asked) === undefined);
        }
      }),
    );
  });

  it("names the requested parts beyond it", () => {
    const own: Scope = {
      ...{ actions: ["workflow.runs.*"], namespaces: ["one"], agent: undefined },
      resources: { equals: { team: "a" }, exists: [], absent: [] },
      work: { namespace: "one", kind: "run", id: "x", task: "" },
    };
    const requested: Scope = {
      ...{ actions: ["workflow.*", "workflow.runs.get"], namespaces: ["two"], agent: undefined },
      resources: { equals: { team: "b" }, exists: [], absent: [] },
      work: { namespace: "one", kind: "run", id: "y", task: "" },
    };
    assert.deepEqual(narrowed(own, requested), {
      kind: "refused",
      violations: [
        "the actions workflow.*",
        "the namespaces two",
        "objects with the labels team=b",
        "the run y",
      ],
    });
  });

  it("returns the reason of a denial", () => {
    const asked: ScopedQuestion = {
      action: "workflow.runs.get",
      namespace: "one",
      labels: {},
      work: undefined,
    };
    for (const [narrow, expected] of [
      [{ actions: ["swarm.*"] }, "it is narrowed to swarm.*"],
      [{ namespaces: ["two"] }, "it is narrowed to the namespaces two"],
      [
        { resources: { equals: {}, exists: ["team"], absent: [] } },
        "it is restricted to objects with other labels",
      ],
      [
        { work: { namespace: "", kind: "run", id: "x", task: "t" } },
        "it is narrowed to the task t of the run x",
      ],
    ] as const)
      assert.equal(scopeFault({ ...unscoped, ...narrow } as Scope, asked), expected);
  });
});

describe("the agent grant of a scope", () => {
  const grant = (parts: Partial<AgentGrant>): AgentGrant => ({
    ...{ pools: [], offers: [], namespaces: [], maxSlots: 0 },
    ...parts,
  });
  const narrowedGrants = (own: Partial<AgentGrant>, requested: Partial<AgentGrant>) =>
    narrowed({ ...unscoped, agent: grant(own) }, { ...unscoped, agent: grant(requested) });

  it("is handed on in part", () => {
    const own = { pools: ["*"], offers: ["pay.*", "ship.box"], maxSlots: 8 };
    const found = narrowedGrants(own, { pools: ["night"], offers: ["pay.charge"], maxSlots: 2 });
    assert.ok(found.kind === "narrowed");
    assert.deepEqual(found.scope.agent, grant({ pools: ["night"], offers: ["pay.charge"], maxSlots: 2 }));
    const asMany = narrowedGrants(own, { pools: ["night"], offers: ["pay.charge"] });
    assert.equal(asMany.kind === "narrowed" && asMany.scope.agent?.maxSlots, 8);
  });

  it("cannot be widened, and an empty list means none", () => {
    for (const [own, requested, violation] of [
      [{ offers: ["pay.charge"] }, { offers: ["pay.*"] }, "the capabilities pay.*"],
      [{ offers: [] }, { offers: ["pay.charge"] }, "the capabilities pay.charge"],
      [{ pools: ["day"] }, { pools: ["night"] }, "the pools night"],
      [{ maxSlots: 2 }, { maxSlots: 3 }, "3 slots"],
      [{ namespaces: ["one"] }, { namespaces: ["two"] }, "the agent's namespaces two"],
    ] as const)
      assert.deepEqual(narrowedGrants(own as Partial<AgentGrant>, requested as Partial<AgentGrant>), {
        kind: "refused",
        violations: [violation],
      });
  });

  it("covers each capability of the narrower grant", () => {
    fc.assert(
      fc.property(some(pattern), some(pattern), action, (offers, asked, name) => {
        const found = narrowedGrants({ offers }, { offers: asked });
        if (found.kind === "narrowed" && matchesAny(found.scope.agent?.offers ?? [], name))
          assert.ok(matchesAny(offers, name));
      }),
    );
  });
});
