import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { testWorkflow } from "@tutti/sdk/testing";

const etl = readFileSync(new URL("etl.yaml", import.meta.url), "utf8");
const handlers = {
  "etl.extract": ({ source }) => [`${source} 1`, `${source} 2`],
  "etl.transform": ({ row }) => row.toUpperCase(),
  "etl.load": ({ rows }) => rows,
};

it("transforms each row", async () => {
  const rows = await testWorkflow(etl, { handlers }).execute({ input: { source: "bow" } });
  assert.deepEqual(rows, ["BOW 1", "BOW 2"]);
});
