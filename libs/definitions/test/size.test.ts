import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkDocument, checkText, type TaskDocument } from "../src/index.ts";

/** Returns a layered graph. Every task needs one or two of the layer above and reads the output of one. */
function layered(count: number) {
  const width = Math.round(Math.sqrt(count));
  const tasks: Record<string, TaskDocument> = {};
  for (let index = 0; index < count; index++) {
    const above = index - width;
    tasks[`t${index}`] = {
      uses: `work.kind${index % 20}`,
      with: { from: above < 0 ? "${{ input.start }}" : `\${{ tasks.t${above}.output.value }}` },
      ...(above > 0 ? { needs: [`t${above - 1}`] } : {}),
      retry: { attempts: 3, backoff: "1s..1m" },
    };
  }
  return { workflow: "layered", tasks };
}

describe("a large definition", () => {
  it("takes as many steps and as much of the plan per task as a small definition", () => {
    const perTask = [200, 1_000, 5_000].map((count) => {
      const { definition, problems, stepCount } = checkDocument(layered(count));
      assert.deepEqual(problems, []);
      return [stepCount / count, JSON.stringify(definition?.plan).length / count] as const;
    });
    const [small, , large] = perTask;
    assert.ok(
      (large?.[0] ?? 0) < 1.3 * (small?.[0] ?? 0),
      `steps per task: ${perTask.map(([steps]) => steps)}`,
    );
    assert.ok(
      (large?.[1] ?? 0) < 1.3 * (small?.[1] ?? 0),
      `characters per task: ${perTask.map(([, length]) => length)}`,
    );
  });

  it("reports a circle through all tasks without a deep stack", () => {
    const tasks = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [
        `t${index}`,
        { uses: "x", needs: [`t${(index + 1) % 5_000}`] },
      ]),
    );
    const { problems } = checkDocument({ workflow: "circle", tasks });
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? "", /^the needs of tasks form a cycle: t0 → .* … .* → t0$/);
  });

  it("has types through a long chain without a deep stack", () => {
    const tasks: Record<string, TaskDocument> = { t0: { set: 1 } };
    for (let index = 5_000; index > 0; index--)
      tasks[`t${index}`] = { set: `\${{ tasks.t${index - 1}.output + 1 }}` };
    assert.deepEqual(checkDocument({ workflow: "chain", tasks }).problems, []);
  });

  it("is refused beyond the greatest number of tasks", () => {
    const tasks = Object.fromEntries(
      Array.from({ length: 100_001 }, (_, index) => [`t${index}`, { uses: "x" }]),
    );
    const { problems } = checkDocument({ workflow: "large", tasks });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["too_large"],
    );
  });

  it("in JSON is read strictly and whole", () => {
    const text = JSON.stringify(layered(2_000));
    const { definition, problems } = checkText({ format: "yaml", text, fileName: "layered.json" });
    assert.deepEqual(problems, []);
    assert.equal(definition?.plan?.tasks.length, 2_000);
  });
});
