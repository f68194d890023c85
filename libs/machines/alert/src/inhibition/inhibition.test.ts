import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AlertStatus } from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import type { MachineDriver } from "@tutti/kernel/testing";
import {
  advancePastGrouping,
  advancePastInterval,
  alertsOf,
  driven,
  key,
  messages,
  rule,
  settleAll,
  stateOf,
} from "../alert.fixture.ts";
import { inhibition, installRules, keepRule, observe, removeRule, takeAlert } from "../index.ts";

const cause = rule({ ruleId: "queue", severity: Severity.SEVERITY_CRITICAL });
const effect = rule({ inhibitedBy: ["queue"] });
const perPool = rule({ inhibitedBy: ["queue"], inhibitLabels: ["pool"] });

/** Reports findings: for each rule, the pools for which its condition is true. */
function reportAll(driver: MachineDriver, all: Readonly<Record<string, readonly string[]>>): void {
  const observations = Object.entries(all).map(([ruleId, pools]) => ({
    ruleId,
    found: pools.map((pool) => ({ labels: { pool }, values: { failed: 1 }, title: "", advice: "" })),
  }));
  driver.execute(key, observe, { observations });
}
const sentMessages = (driver: MachineDriver) =>
  messages(driver).map(({ ruleId, alerts }) => [ruleId, ...alerts.map(({ labels }) => labels["pool"])]);
const inhibitors = (driver: MachineDriver) => {
  const { rules, alerts } = stateOf(driver);
  const inhibitorOf = inhibition(new Map(rules.map((each) => [each.rule?.ruleId ?? "", each])), () => alerts);
  return Object.fromEntries(alerts.map((alert) => [alert.alertId, inhibitorOf(alert)?.alertId]));
};

describe("inhibition", () => {
  it("receivers are notified of the cause only, even if both alerts fire in one observation", () => {
    const driver = driven(cause, effect);
    reportAll(driver, { failures: ["a", "b"], queue: ["x"] });
    advancePastGrouping(driver);
    assert.deepEqual(sentMessages(driver), [["queue", "x"]]);
    assert.deepEqual(inhibitors(driver), { a1: "a3", a2: "a3", a3: undefined });
    assert.equal(
      alertsOf(driver).every(({ status }) => status === AlertStatus.ALERT_STATUS_FIRING),
      true,
    );
    driver.checkReplay();
  });

  it("receivers are notified of remaining alerts when the cause has ended, but not of alerts that have also ended", () => {
    const driver = driven(cause, effect);
    reportAll(driver, { failures: ["a", "b"], queue: ["x"] });
    advancePastGrouping(driver);
    settleAll(driver);
    reportAll(driver, { failures: ["b"] });
    advancePastInterval(driver);
    assert.deepEqual(sentMessages(driver), []);
    reportAll(driver, { queue: [] });
    advancePastInterval(driver);
    assert.deepEqual(sentMessages(driver).toSorted(), [
      ["failures", "b"],
      ["queue", "x"],
    ]);
    driver.checkReplay();
  });

  it("with labels, an alert inhibits alerts with the same values", () => {
    const driver = driven(cause, perPool);
    reportAll(driver, { queue: ["a"], failures: ["a", "b"] });
    advancePastGrouping(driver);
    assert.deepEqual(sentMessages(driver).toSorted(), [
      ["failures", "b"],
      ["queue", "a"],
    ]);
  });

  it("an acknowledged cause inhibits, but a pending cause does not", () => {
    const driver = driven({ ...cause, holdMs: 5_000 }, effect);
    reportAll(driver, { queue: ["x"], failures: ["a"] });
    advancePastGrouping(driver);
    assert.deepEqual(sentMessages(driver), [["failures", "a"]]);
    settleAll(driver);
    driver.advance(5_000);
    reportAll(driver, { queue: ["x"] });
    driver.execute(key, takeAlert, { alertId: "a1" });
    reportAll(driver, { failures: ["a", "b"] });
    advancePastInterval(driver);
    assert.deepEqual(sentMessages(driver), []);
    assert.deepEqual(inhibitors(driver), { a1: undefined, a2: "a1", a3: "a1" });
  });

  it("an alert that receivers know is reported as ended after its cause", () => {
    const driver = driven(cause, effect);
    reportAll(driver, { failures: ["a"] });
    advancePastGrouping(driver);
    settleAll(driver);
    reportAll(driver, { queue: ["x"] });
    advancePastGrouping(driver);
    settleAll(driver);
    reportAll(driver, { failures: [] });
    advancePastInterval(driver);
    assert.deepEqual(sentMessages(driver), []);
    reportAll(driver, { queue: [] });
    advancePastInterval(driver);
    assert.deepEqual(sentMessages(driver).toSorted(), [
      ["failures", "a"],
      ["queue", "x"],
    ]);
  });

  it("an inhibited alert opens no incident, and joins that of its cause", () => {
    const driver = driven({ ...cause, severity: Severity.SEVERITY_WARNING }, effect);
    reportAll(driver, { queue: ["x"], failures: ["a"] });
    assert.deepEqual(stateOf(driver).incidents, []);
    const other = driven(cause, effect);
    reportAll(other, { failures: ["a"], queue: ["x"] });
    assert.deepEqual(
      stateOf(other).incidents.map(({ title, ruleIds, alerts }) => [title, ruleIds, alerts]),
      [["Runs fail", ["queue", "failures"], 2]],
    );
  });

  it("a rule that inhibits itself, directly or through other rules, is rejected", () => {
    const driver = driven(cause, effect);
    const own = driver.execute(key, keepRule, { rule: { ...cause, inhibitedBy: ["queue"] }, revision: 0 });
    assert.ok(isRefusal(own) && own.message.includes("would inhibit itself: queue by queue"));
    const cycle = driver.execute(key, keepRule, {
      rule: { ...cause, inhibitedBy: ["failures"] },
      revision: 0,
    });
    assert.ok(isRefusal(cycle) && cycle.message.includes("queue by failures by queue"));
  });

  for (const [title, change] of [
    [
      "changed by a caller",
      (driver: MachineDriver) => driver.execute(key, keepRule, { rule: rule(), revision: 0 }),
    ],
    [
      "freed from a rule that is removed",
      (driver: MachineDriver) => {
        driver.execute(key, removeRule, { ruleId: "queue" });
        advancePastInterval(driver);
      },
    ],
  ] as const)
    it(`receivers are notified of alerts of a rule that is ${title}`, () => {
      const driver = driven(cause, effect);
      reportAll(driver, { failures: ["a"], queue: ["x"] });
      advancePastGrouping(driver);
      settleAll(driver);
      change(driver);
      assert.ok(sentMessages(driver).some(([ruleId, pool]) => ruleId === "failures" && pool === "a"));
      driver.checkReplay();
    });

  it("10,000 inhibited alerts cause no message, and one message after the cause has ended", () => {
    const driver = driven(cause, effect);
    reportAll(driver, { queue: ["x"], failures: Array.from({ length: 10_000 }, (_, index) => `p${index}`) });
    advancePastGrouping(driver);
    assert.deepEqual(sentMessages(driver), [["queue", "x"]]);
    settleAll(driver);
    reportAll(driver, { queue: [] });
    advancePastInterval(driver);
    assert.deepEqual(
      new Map(messages(driver).map(({ ruleId, count }) => [ruleId, count])),
      new Map([
        ["failures", 10_000],
        ["queue", 1],
      ]),
    );
  });

  it("reinstalled built-in rules use their new inhibition", () => {
    const driver = driven(cause);
    driver.execute(key, installRules, { rules: [{ ...effect, ruleId: "disk" }] });
    reportAll(driver, { queue: ["x"], disk: ["a"] });
    advancePastGrouping(driver);
    assert.deepEqual(sentMessages(driver), [["queue", "x"]]);
    driver.execute(key, installRules, { rules: [rule({ ruleId: "disk" })] });
    assert.deepEqual(sentMessages(driver), [
      ["queue", "x"],
      ["disk", "a"],
    ]);
  });
});
