import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Decision } from "@tutti/contracts/governance/v1";
import { isRefusal, toTimestamp } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { decisionOn, decisionsKey } from "../testing/decisions.ts";
import { decisionsMax, decisionWeightMax } from "./decision-log.ts";
import { decisions, recorded, takeDecisions } from "./index.ts";

function contentsOf(driver: MachineDriver) {
  const found = driver.query(decisionsKey, recorded, undefined);
  assert.ok(!isRefusal(found));
  return found;
}

describe("recorded decisions", () => {
  const newDriver = () => new MachineDriver({ machines: [decisions], service: "governance" });
  const record = (driver: MachineDriver, decisions: Decision[], leftOut = 0) =>
    driver.execute(decisionsKey, takeDecisions, { decisions, leftOut });

  it("are merged if they are alike, with the latest decision and a count", () => {
    const driver = newDriver();
    const at = (ms: number) => ({ decideTime: toTimestamp(ms), decisionId: `at-${ms}` });
    record(driver, [decisionOn("a", at(2_000)), decisionOn("b")]);
    record(driver, [decisionOn("a", { ...at(1_000), count: 4 }), decisionOn("a", { allowed: false })], 3);
    assert.deepEqual(
      contentsOf(driver).decisions.map(({ question, allowed, count, decisionId }) => [
        ...[question?.action, allowed, count, decisionId],
      ]),
      [
        ["b", true, 1, "decision_b"],
        ["a", true, 5, "at-2000"],
        ["a", false, 1, "decision_a"],
      ],
    );
    assert.equal(contentsOf(driver).leftOut, 3);
  });

  it("are limited in number: the oldest make room for later ones", () => {
    const driver = newDriver();
    const some = (from: number) =>
      Array.from({ length: 1_000 }, (_, index) => decisionOn(`act-${from + index}`));
    for (let from = 0; from <= decisionsMax; from += 1_000) record(driver, some(from));
    const { decisions: found } = contentsOf(driver);
    assert.equal(found.length, decisionsMax);
    assert.equal(found[0]?.question?.action, "act-1000");
  });

  it("are stored with shortened errors if they are too large", () => {
    const driver = newDriver();
    const long = "x".repeat(decisionWeightMax);
    record(driver, [decisionOn("a", { errors: [long, long] })]);
    assert.equal(contentsOf(driver).decisions[0]?.errors[0]?.length, 500);
  });
});
