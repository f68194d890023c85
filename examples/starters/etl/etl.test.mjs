import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { testWorkflow } from "@tutti/sdk";
import { handlers } from "./handlers.mjs";

const etl = readFileSync(new URL("etl.yaml", import.meta.url), "utf8");

it("every row is transformed once and loaded in its order", async () => {
  const test = testWorkflow(etl, { handlers });
  assert.deepEqual(await test.execute({ input: { source: "bow" } }), { loaded: 20, last: "BOW 19" });
  assert.equal(test.calls("etl.transform").length, 20);
});
