import assert from "node:assert/strict";
import { it } from "node:test";
import { offeredLines, pausedText } from "./status.ts";

it("the status lists each adapter once, next to the other capabilities", () => {
  const operations = Array.from({ length: 12 }, (_, index) => `shop.order-${index}`);
  assert.deepEqual(
    offeredLines([...operations, "shop.adapter-check", "planner.adapter-check", "mail.send"]),
    [
      ["adapters", "shop, planner"],
      ["offered", "mail.send"],
    ],
  );
  assert.deepEqual(offeredLines(["mail.send"]), [["offered", "mail.send"]]);
  assert.deepEqual(offeredLines([]), []);
});

it("the status of a paused installation names its services and the commands", () => {
  assert.equal(
    pausedText(["workflow", "swarm"]),
    "workflow, swarm. Show it: tutti paused. Release it: tutti release --all",
  );
});
