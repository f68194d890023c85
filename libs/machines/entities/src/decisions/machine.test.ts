import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Decision } from "@tutti/contracts/governance/v1";
import { isRefusal, toTimestamp } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { decisionOn, decisionsKey } from "../testing/decisions.ts";
import { decisionsMax, decisionWeightMax } from "./book.ts";
import { decisions, recorded, takeDecisions } from "./index.ts";

function kept(driver: MachineDriver) {
  const found = driver.query(decisionsKey, recorded, undefined);
  assert.ok(!isRefusal(found));
  return found;
}

describe("recorded decisions", () => {
  const newDriver = () => new MachineDriver({ machines: [decisions], service: "governance" });
  const take = (driver: MachineDriver, given: Decision[], leftOut = 0) =>
    driver.execute(decisionsKey, takeDecisions, { decisions: given, leftOut });

  it("are one where they are alike, with the latest of them and how many there were", () => {
    const driver = newDriver();
    const at = (ms: number) => ({ decideTime: toTimestamp(ms), decisionId: `at-${ms}` });
    take(driver, [decisionOn("a", at(2_000)), decisionOn("b")]);
    take(driver, [decisionOn("a", { ...at(1_000), count: 4 }), decisionOn("a", { allowed: false })], 3);
    assert.deepEqual(
      kept(driver).decisions.map(({ question, allowed, count, decisionId }) => [
        ...[question?.action, allowed, count, decisionId],
      ]),
      [
        ["b", true, 1, "decision_b"],
        ["a", true, 5, "at-2000"],
        ["a", false, 1, "decision_a"],
      ],
    );
    assert.equal(kept(driver).leftOut, 3);
  });

  it("make room for later ones, so that a snapshot never grows beyond its bound", () => {
    const driver = newDriver();
    const some = (from: number) =>
      Array.from({ length: 1_000 }, (_, index) => decisionOn(`act-${from + index}`));
    for (let from = 0; from <= decisionsMax; from += 1_000) take(driver, some(from));
    const { decisions: found } = kept(driver);
    assert.equal(found.length, decisionsMax);
    assert.equal(found[0]?.question?.action, "act-1000");
  });

  it("are kept without what would make one too heavy", () => {
    const driver = newDriver();
    const long = "x".repeat(decisionWeightMax);
    take(driver, [decisionOn("a", { errors: [long, long] })]);
    assert.equal(kept(driver).decisions[0]?.errors[0]?.length, 500);
  });
});
