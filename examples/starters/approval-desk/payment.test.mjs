import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { testWorkflow } from "@tutti/sdk";
import { handlers } from "./handlers.mjs";

const payment = readFileSync(new URL("payment.yaml", import.meta.url), "utf8");

it("a small payment needs no approval", async () => {
  const test = testWorkflow(payment, { handlers });
  assert.equal(await test.execute({ input: { amount: 50, to: "Anna" } }), "paid 50 to Anna");
});

it("a large payment waits for approval", async () => {
  const run = await testWorkflow(payment, { handlers }).start({ input: { amount: 500, to: "Anna" } });
  assert.equal(run.task("sure").status, "waiting");
  run.approve("sure");
  assert.equal(await run.result(), "paid 500 to Anna");
});

it("a rejected payment fails, and no money moves", async () => {
  const test = testWorkflow(payment, { handlers });
  const run = await test.start({ input: { amount: 500, to: "Anna" } });
  run.reject("sure", { reason: "unknown invoice" });
  await assert.rejects(run.result());
  assert.equal(test.calls("bank.pay").length, 0);
});
