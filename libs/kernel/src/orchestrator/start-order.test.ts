import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { testFoundation } from "../testing/index.ts";
import { Orchestrator } from "./orchestrator.ts";

/** A graph without cycles: `order` is one of its topological orders, `after` lists the dependencies of each node. */
interface Graph {
  readonly declared: readonly string[];
  readonly after: ReadonlyMap<string, readonly string[]>;
}

const graphs: fc.Arbitrary<Graph> = fc.integer({ min: 1, max: 9 }).chain((count) => {
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  return fc
    .record({
      declared: fc.shuffledSubarray(names, { minLength: count }),
      edges: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: count * 2 }),
    })
    .map(({ declared, edges }) => {
      const after = new Map<string, string[]>(names.map((name) => [name, []]));
      for (const [one, other] of edges) {
        const from = names[Math.max(one, other)];
        const to = names[Math.min(one, other)];
        if (from !== undefined && to !== undefined && from !== to) after.get(from)?.push(to);
      }
      return { declared, after };
    });
});

/** The slow way: of all possible next nodes, the one declared first. */
function expectedOrder({ declared, after }: Graph): string[] {
  const order: string[] = [];
  while (order.length < declared.length) {
    const next = declared.find(
      (name) => !order.includes(name) && (after.get(name) ?? []).every((each) => order.includes(each)),
    );
    assert.ok(next, "a graph without circles has a next one");
    order.push(next);
  }
  return order;
}

async function run(graph: Graph, broken: string | undefined) {
  const orchestrator = new Orchestrator("random", testFoundation());
  const started: string[] = [];
  const drained: string[] = [];
  const stopped: string[] = [];
  for (const name of graph.declared) {
    orchestrator.register(
      name,
      {
        start: async () => {
          if (name === broken) throw new Error("broken");
          started.push(name);
        },
        drain: () => void drained.push(name),
        stop: async () => void stopped.push(name),
      },
      { dependsOn: graph.after.get(name) ?? [] },
    );
  }
  const failed = await orchestrator.start().then(
    () => false,
    () => true,
  );
  await orchestrator.stop();
  return { orchestrator, failed, started, drained, stopped };
}

describe("Orchestrator: order of start and stop, for random dependencies", () => {
  it("starts in the topological order that follows the declaration, and drains and stops in its reverse", () =>
    fc.assert(
      fc.asyncProperty(graphs, async (graph) => {
        const { orchestrator, failed, started, drained, stopped } = await run(graph, undefined);
        assert.equal(failed, false);
        assert.deepEqual(started, expectedOrder(graph));
        assert.deepEqual(drained, started.toReversed());
        assert.deepEqual(stopped, started.toReversed());
        assert.equal(orchestrator.state, "stopped");
      }),
      { numRuns: 150 },
    ));

  it("after a failure at any component, stops exactly the started components in reverse, and starts no other", () =>
    fc.assert(
      fc.asyncProperty(graphs, fc.nat(8), async (graph, index) => {
        const broken = graph.declared[index % graph.declared.length];
        assert.ok(broken);
        const { orchestrator, failed, started, drained, stopped } = await run(graph, broken);
        const order = expectedOrder(graph);
        assert.equal(failed, true);
        assert.deepEqual(started, order.slice(0, order.indexOf(broken)));
        assert.deepEqual(drained, []);
        assert.deepEqual(stopped, started.toReversed());
        const { lifecycle } = orchestrator;
        assert.ok(lifecycle.state === "failed");
        assert.equal(lifecycle.component, broken);
      }),
      { numRuns: 150 },
    ));
});
