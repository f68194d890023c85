import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AlertStatus } from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import type { MachineDriver } from "@tutti/kernel/testing";
import {
  alertsOf,
  driven,
  keptOf,
  key,
  messages,
  rule,
  settleAll,
  untilTold,
  untilToldAgain,
} from "../alert.fixture.ts";
import { inhibition, installRules, keepRule, observe, removeRule, takeAlert } from "../index.ts";

const cause = rule({ ruleId: "queue", severity: Severity.SEVERITY_CRITICAL });
const effect = rule({ inhibitedBy: ["queue"] });
const perPool = rule({ inhibitedBy: ["queue"], inhibitLabels: ["pool"] });

/** Reports findings: for each rule, the pools for which its condition is true. */
function seen(driver: MachineDriver, all: Readonly<Record<string, readonly string[]>>): void {
  const observations = Object.entries(all).map(([ruleId, pools]) => ({
    ruleId,
    found: pools.map((pool) => ({ labels: { pool }, values: { failed: 1 }, title: "", advice: "" })),
  }));
  driver.execute(key, observe, { observations });
}
const told = (driver: MachineDriver) =>
  messages(driver).map(({ ruleId, alerts }) => [ruleId, ...alerts.map(({ labels }) => labels["pool"])]);
const inhibitors = (driver: MachineDriver) => {
  const { rules, alerts } = keptOf(driver);
  const inhibitorOf = inhibition(new Map(rules.map((one) => [one.rule?.ruleId ?? "", one])), () => alerts);
  return Object.fromEntries(alerts.map((alert) => [alert.alertId, inhibitorOf(alert)?.alertId]));
};

describe("inhibition", () => {
  it("receivers hear of the cause alone, also if both fire in one observation", () => {
    const driver = driven(cause, effect);
    seen(driver, { failures: ["a", "b"], queue: ["x"] });
    untilTold(driver);
    assert.deepEqual(told(driver), [["queue", "x"]]);
    assert.deepEqual(inhibitors(driver), { a1: "a3", a2: "a3", a3: undefined });
    assert.equal(
      alertsOf(driver).every(({ status }) => status === AlertStatus.ALERT_STATUS_FIRING),
      true,
    );
    driver.checkReplay();
  });

  it("receivers hear of remaining alerts when the cause has ended, and nothing of alerts that ended as well", () => {
    const driver = driven(cause, effect);
    seen(driver, { failures: ["a", "b"], queue: ["x"] });
    untilTold(driver);
    settleAll(driver);
    seen(driver, { failures: ["b"] });
    untilToldAgain(driver);
    assert.deepEqual(told(driver), []);
    seen(driver, { queue: [] });
    untilToldAgain(driver);
    assert.deepEqual(told(driver).toSorted(), [
      ["failures", "b"],
      ["queue", "x"],
    ]);
    driver.checkReplay();
  });

  it("with labels, an alert inhibits those that have the same values", () => {
    const driver = driven(cause, perPool);
    seen(driver, { queue: ["a"], failures: ["a", "b"] });
    untilTold(driver);
    assert.deepEqual(told(driver).toSorted(), [
      ["failures", "b"],
      ["queue", "a"],
    ]);
  });

  it("an acknowledged cause inhibits, a pending one does not", () => {
    const driver = driven({ ...cause, holdMs: 5_000 }, effect);
    seen(driver, { queue: ["x"], failures: ["a"] });
    untilTold(driver);
    assert.deepEqual(told(driver), [["failures", "a"]]);
    settleAll(driver);
    driver.advance(5_000);
    seen(driver, { queue: ["x"] });
    driver.execute(key, takeAlert, { alertId: "a1" });
    seen(driver, { failures: ["a", "b"] });
    untilToldAgain(driver);
    assert.deepEqual(told(driver), []);
    assert.deepEqual(inhibitors(driver), { a1: undefined, a2: "a1", a3: "a1" });
  });

  it("an alert that receivers know is reported as ended after its cause", () => {
    const driver = driven(cause, effect);
    seen(driver, { failures: ["a"] });
    untilTold(driver);
    settleAll(driver);
    seen(driver, { queue: ["x"] });
    untilTold(driver);
    settleAll(driver);
    seen(driver, { failures: [] });
    untilToldAgain(driver);
    assert.deepEqual(told(driver), []);
    seen(driver, { queue: [] });
    untilToldAgain(driver);
    assert.deepEqual(told(driver).toSorted(), [
      ["failures", "a"],
      ["queue", "x"],
    ]);
  });

  it("an inhibited alert opens no incident, and joins that of its cause", () => {
    const driver = driven({ ...cause, severity: Severity.SEVERITY_WARNING }, effect);
    seen(driver, { queue: ["x"], failures: ["a"] });
    assert.deepEqual(keptOf(driver).incidents, []);
    const other = driven(cause, effect);
    seen(other, { failures: ["a"], queue: ["x"] });
    assert.deepEqual(
      keptOf(other).incidents.map(({ title, ruleIds, alerts }) => [title, ruleIds, alerts]),
      [["Runs fail", ["queue", "failures"], 2]],
    );
  });

  it("a rule that inhibits itself, also by way of others, is rejected", () => {
    const driver = driven(cause, effect);
    const own = driver.execute(key, keepRule, { rule: { ...cause, inhibitedBy: ["queue"] }, revision: 0 });
    assert.ok(isRefusal(own) && own.message.includes("would inhibit itself: queue by queue"));
    const round = driver.execute(key, keepRule, {
      rule: { ...cause, inhibitedBy: ["failures"] },
      revision: 0,
    });
    assert.ok(isRefusal(round) && round.message.includes("queue by failures by queue"));
  });

  for (const [what, change] of [
    [
      "changed by a caller",
      (driver: MachineDriver) => driver.execute(key, keepRule, { rule: rule(), revision: 0 }),
    ],
    [
      "freed from a rule that is removed",
      (driver: MachineDriver) => {
        driver.execute(key, removeRule, { ruleId: "queue" });
        untilToldAgain(driver);
      },
    ],
  ] as const)
    it(`receivers hear of alerts of a rule that is ${what}`, () => {
      const driver = driven(cause, effect);
      seen(driver, { failures: ["a"], queue: ["x"] });
      untilTold(driver);
      settleAll(driver);
      change(driver);
      assert.ok(told(driver).some(([ruleId, pool]) => ruleId === "failures" && pool === "a"));
      driver.checkReplay();
    });

  it("10,000 alerts that one cause inhibits are no message, and later one", () => {
    const driver = driven(cause, effect);
    seen(driver, { queue: ["x"], failures: Array.from({ length: 10_000 }, (_, index) => `p${index}`) });
    untilTold(driver);
    assert.deepEqual(told(driver), [["queue", "x"]]);
    settleAll(driver);
    seen(driver, { queue: [] });
    untilToldAgain(driver);
    assert.deepEqual(
      new Map(messages(driver).map(({ ruleId, count }) => [ruleId, count])),
      new Map([
        ["failures", 10_000],
        ["queue", 1],
      ]),
    );
  });

  it("built-in rules that are installed again keep what they inhibit", () => {
    const driver = driven(cause);
    driver.execute(key, installRules, { rules: [{ ...effect, ruleId: "disk" }] });
    seen(driver, { queue: ["x"], disk: ["a"] });
    untilTold(driver);
    assert.deepEqual(told(driver), [["queue", "x"]]);
    driver.execute(key, installRules, { rules: [rule({ ruleId: "disk" })] });
    assert.deepEqual(told(driver), [
      ["queue", "x"],
      ["disk", "a"],
    ]);
  });
});
