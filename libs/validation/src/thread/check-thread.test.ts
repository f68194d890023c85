import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Definition, Graph } from "@tutti/contracts/workflow/v1";
import { checked } from "./check-thread.ts";

/** Tasks that follow each other. */
function chainOf(count: number): string {
  const tasks = Array.from(
    { length: count },
    (_, n) => `  t${n}: {uses: work.step${n === 0 ? "" : `, needs: [t${n - 1}]`}}\n`,
  );
  return `workflow: chain\ntasks:\n${tasks.join("")}`;
}

const check = (text: string, size = text.length) =>
  checked("definition", size, { source: { format: "yaml", text, fileName: "chain.yaml" } }, requested);
const requested = { text: "json", message: true, graph: true, plan: true } as const;

describe("checks", () => {
  it("give the same result inline and in the thread", async () => {
    const text = chainOf(20);
    const [inTurn, inThread] = [await check(text, 1), await check(text, Number.POSITIVE_INFINITY)];
    const plain = ({ definition, problems }: typeof inTurn) => ({
      problems,
      ...definition,
      message: definition?.message && Definition.toJSON(Definition.decode(definition.message)),
      graph: definition?.graph && Graph.toJSON(Graph.decode(definition.graph)),
      plan: definition?.plan && Buffer.from(definition.plan).toString(),
    });
    assert.deepEqual(plain(inThread), plain(inTurn));
    assert.equal(inTurn.definition?.hash.length, 64);
    assert.deepEqual(
      (await check("workflow: [", Number.POSITIVE_INFINITY)).problems,
      (await check("workflow: [", 1)).problems,
    );
  });

  it("of a large text do not block the event loop", async () => {
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    const { definition } = await check(chainOf(3_000));
    isDone = true;
    assert.equal(definition?.isPlanned, true);
    assert.ok(turns > 20, `${turns} turns`);
  });

  it("find the names that a definition uses, with any name of its file", async () => {
    const source = { format: "yaml", text: chainOf(2), fileName: "x.rules.yaml" } as const;
    const used = await checked("usedBy", 1, source);
    assert.deepEqual(used, { capabilities: [{ name: "work.step", version: "" }], definitions: [] });
  });
});
