/** Agents of other frameworks within a durable function: their packages from npm, against a scripted model. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { durable, durableFetch } from "@tutti/sdk";
import { replayDurable, ScriptedModel, testDurable } from "@tutti/sdk/testing";

const packages = [
  ...["ai@7.0.173", "@ai-sdk/openai-compatible@3.0.92", "@ai-sdk/openai@4.0.118", "zod@4"],
  ...["@langchain/langgraph@1.7.3", "@langchain/core@1", "@langchain/openai@1.6.0"],
  ...["@openai/agents@0.20.0", "openai@7.59.0", "@google/adk@2.0.0"],
];
const root = join(import.meta.dirname, "../../..");
const names = ["vercel", "langgraph", "openai", "responses", "adk"] as const;

interface Means {
  readonly ask: typeof fetch;
  readonly count: (input: unknown) => Promise<unknown>;
  readonly prompt: string;
  readonly baseURL: string;
}
type Frameworks = Record<(typeof names)[number], (means: Means) => Promise<string>>;

describe("agents of other frameworks", () => {
  let folder = "";
  let frameworks: Frameworks;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "frameworks-"));
    await writeFile(join(folder, "package.json"), "{}");
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent", ...packages], { cwd: folder });
    const program = join(folder, "frameworks.mjs");
    await copyFile(join(import.meta.dirname, "programs", "frameworks.mjs.txt"), program);
    frameworks = (await import(program)) as Frameworks;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const name of names)
    it(`have each answer of the model as a step and each tool as a task: ${name}`, async () => {
      const model = new ScriptedModel([
        { calls: [{ name: "count", input: { article: "flute" } }] },
        "There are 7.",
      ]);
      const fn = durable("ask", (ctx, prompt: string) =>
        frameworks[name]({
          ...{ ask: durableFetch(ctx, { fetch: model.fetch }), prompt, baseURL: "http://model.test/v1" },
          count: (input) => ctx.call("stock.count", input),
        }),
      );
      const test = testDurable(fn, { handlers: { "stock.count": () => 7 } });
      const run = await test.start({ input: "How many flutes?" });
      assert.equal(await run.result(), "There are 7.");
      assert.equal((await replayDurable(fn, run.history)).differs, false);
      assert.equal(model.requests.length, 2, "no answer is paid for twice");
      const types = run.events.map(({ type }) => type);
      assert.equal(types.filter((type) => type === "step_recorded").length, 2);
      assert.equal(types.filter((type) => type === "tasks_added").length, 1);
      assert.deepEqual(test.calls("stock.count")[0]?.input, { article: "flute" });
    });

  it("run as the guide shows it", async (t) => {
    const guide = await readFile(join(root, "docs/guides/ai-agents.md"), "utf8");
    const [, block = ""] = /^```ts kind=framework file=ask\.ts\n([\s\S]+?)^```$/m.exec(guide) ?? [];
    const program = block.replace(/const worker[\s\S]+/, "export { ask };\n");
    await writeFile(join(folder, "guide.ts"), program);
    await symlink(join(root, "node_modules/@tutti"), join(folder, "node_modules/@tutti"));
    const script = [{ calls: [{ name: "stock_count", input: { article: "flute" } }] }, "There are 7 flutes."];
    const model = new ScriptedModel(script);
    process.env["OPENAI_API_KEY"] = "any";
    t.mock.method(globalThis, "fetch", model.fetch);
    const { ask } = await import(join(folder, "guide.ts"));
    const test = testDurable(ask, { handlers: { "stock.count": () => 7 } });
    const run = await test.start({ input: "How many flutes?" });
    assert.equal(await run.result(), "There are 7 flutes.");
    assert.equal((await replayDurable(ask, run.history)).differs, false);
    assert.equal(model.requests.length, 2);
  });
});
