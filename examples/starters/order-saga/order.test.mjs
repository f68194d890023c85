import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { testWorkflow } from "@tutti/sdk";
import { handlers } from "./handlers.mjs";

const order = readFileSync(new URL("order.yaml", import.meta.url), "utf8");

it("an order is shipped", async () => {
  const test = testWorkflow(order, { handlers });
  assert.equal(await test.execute({ input: { article: "violin", cents: 42_000 } }), "parcel with violin");
});

it("an order that cannot be shipped is refunded and released, in this order", async () => {
  const test = testWorkflow(order, { handlers });
  await assert.rejects(test.execute({ input: { article: "piano", cents: 990_000 } }));
  const compensated = test
    .calls()
    .map(({ capability }) => capability)
    .slice(-2);
  assert.deepEqual(compensated, ["shop.refund", "shop.release"]);
});
