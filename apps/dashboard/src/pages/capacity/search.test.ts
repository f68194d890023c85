import assert from "node:assert/strict";
import { it } from "node:test";
import { aheadOf, capacitySearch } from "./search.ts";

it("a day is the whole of the next such day in UTC, never today", () => {
  const monday = Date.UTC(2026, 10, 23);
  assert.deepEqual(aheadOf("monday", monday + 1), {
    aheadFromMs: monday + 7 * 86_400_000,
    aheadMs: 86_400_000,
  });
  assert.deepEqual(aheadOf("tuesday", monday + 1).aheadFromMs, monday + 86_400_000);
  assert.deepEqual(aheadOf(undefined, monday), {});
});

it("an address contains only known parameters that differ from the defaults", () => {
  assert.deepEqual(capacitySearch({ day: "friday", load: "2", wait: "10s", other: 1 }), {
    ...{ day: "friday", load: 2, wait: "10s" },
  });
  assert.deepEqual(capacitySearch({ day: "someday", load: 1, wait: "1s" }), {});
});
