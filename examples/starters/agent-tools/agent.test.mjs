import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { testWorkflow } from "@tutti/sdk";
import { handlers } from "./handlers.mjs";

const agent = readFileSync(new URL("agent.yaml", import.meta.url), "utf8");

it("the agent looks up each price, adds them and answers", async () => {
  const test = testWorkflow(agent, { handlers });
  const result = await test.execute({ input: { question: "violin and bow" } });
  assert.deepEqual(result, { answer: 50_000, steps: 4 });
  assert.equal(test.calls("tool.look").length, 2);
});
