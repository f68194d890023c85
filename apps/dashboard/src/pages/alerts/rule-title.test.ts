import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { titleText } from "./rule-title.ts";

describe("the title of an alert rule", () => {
  for (const [title, text] of [
    ["A process has no connection", "A process has no connection"],
    ["The breaker to ${{ labels.service }} opened", "The breaker to SERVICE opened"],
    ["${{ int(waiting + 0.9) }} tasks wait", "WAITING tasks wait"],
    [
      "collects garbage for ${{ int(100.0 * paused + 0.5) }} % of its time",
      "collects garbage for PAUSED % of its time",
    ],
    ["calls take ${{ p99 }} s", "calls take P99 s"],
  ] as const)
    it(`${title} has its values in capitals`, () => assert.equal(titleText(title), text));
});
