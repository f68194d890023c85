import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventTypeOf } from "./webhook.ts";

describe("the kind of a delivery as words of a type of events", () => {
  for (const [kind, eventType] of [
    ["invoice.paid", "invoice.paid"],
    ["orders/create", "orders.create"],
    ["-.a b..c.", "a.b.c"],
    ["pull_request-target", "pull_request-target"],
    ["…", ""],
    ["", ""],
    // A megabyte of dots: an expression that backs up needs hours.
    [`x${".".repeat(1_000_000)}x`, "x"],
  ] as const)
    it(`of ${JSON.stringify(kind.slice(0, 30))} is ${JSON.stringify(eventType)}`, () => {
      assert.equal(eventTypeOf(kind), eventType);
    });
});
