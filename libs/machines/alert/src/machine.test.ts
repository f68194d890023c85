import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AlertStatus } from "@tutti/contracts/insight/v1";
import { isRefusal } from "@tutti/kernel";
import {
  advancePastGrouping,
  advancePastInterval,
  alertsOf,
  driven,
  key,
  messages,
  reportFiring,
  rule,
  settleAll,
  silence,
  stateOf,
} from "./alert.fixture.ts";
import {
  deadMessages,
  endSilence,
  installRules,
  keepRule,
  observe,
  removeRule,
  retryDeliveries,
  takeAlert,
} from "./index.ts";

const { ALERT_STATUS_PENDING, ALERT_STATUS_FIRING, ALERT_STATUS_ACKNOWLEDGED, ALERT_STATUS_RESOLVED } =
  AlertStatus;
const statuses = (driver: ReturnType<typeof driven>) => alertsOf(driver).map(({ status }) => status);
const codeOf = (answer: unknown) => (isRefusal(answer) ? answer.code : answer);

describe("alerts of a namespace", () => {
  it("an alert fires when its condition has been true for long enough", () => {
    const driver = driven(rule({ holdMs: 5_000 }));
    reportFiring(driver, "a");
    assert.deepEqual(statuses(driver), [ALERT_STATUS_PENDING]);
    driver.advance(4_999);
    reportFiring(driver, "a");
    assert.deepEqual(statuses(driver), [ALERT_STATUS_PENDING]);
    driver.advance(1);
    reportFiring(driver, "a");
    assert.deepEqual(statuses(driver), [ALERT_STATUS_FIRING]);
  });

  it("an alert that ends before it fired is dropped, and no receiver learns of it", () => {
    const driver = driven(rule({ holdMs: 5_000 }));
    reportFiring(driver, "a");
    reportFiring(driver);
    advancePastGrouping(driver);
    assert.deepEqual([alertsOf(driver), messages(driver)], [[], []]);
  });

  it("an observation that changes no status has no event", () => {
    const driver = driven();
    reportFiring(driver, "a");
    const before = driver.history(key).length;
    reportFiring(driver, "a");
    assert.equal(driver.history(key).length, before);
  });

  it("10,000 alerts at once are one message per receiver", () => {
    const driver = driven(rule({ receivers: ["ops", "chat"] }));
    reportFiring(driver, ...Array.from({ length: 10_000 }, (_, number) => `pool-${number}`));
    advancePastGrouping(driver);
    const sent = messages(driver).map(({ receiver, count, alerts }) => [receiver, count, alerts.length]);
    assert.deepEqual(sent, [
      ["ops", 10_000, 100],
      ["chat", 10_000, 100],
    ]);
  });

  it("a receiver that is away has at most 50 messages of a rule waiting, the oldest become dead", () => {
    const driver = driven();
    for (let flaps = 0; flaps < 60; flaps++) {
      reportFiring(driver, ...(flaps % 2 === 0 ? ["a"] : []));
      advancePastInterval(driver);
    }
    const numbers = messages(driver).map(({ number }) => number);
    assert.deepEqual([numbers.length, numbers[0], numbers.at(-1)], [50, 11, 60]);
    const { deliveries } = stateOf(driver);
    assert.deepEqual([deliveries.length, driver.query(key, deadMessages, undefined)], [60, 10]);
    driver.checkReplay();
  });

  it("receivers are notified of the start and of the end, once each", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    settleAll(driver);
    advancePastInterval(driver);
    assert.deepEqual(messages(driver), []);
    reportFiring(driver);
    advancePastGrouping(driver);
    const sent = messages(driver).map(({ number, alerts }) => [number, alerts[0]?.status]);
    assert.deepEqual(sent, [[2, ALERT_STATUS_RESOLVED]]);
  });

  it("an alert within the message interval waits for the end of the interval", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    settleAll(driver);
    reportFiring(driver, "a", "b");
    advancePastGrouping(driver);
    assert.deepEqual(messages(driver), []);
    advancePastInterval(driver);
    assert.equal(messages(driver)[0]?.alerts[0]?.labels["pool"], "b");
  });

  it("receivers are notified of the end of an acknowledged alert", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    settleAll(driver);
    driver.execute(key, takeAlert, { alertId: "a1" });
    assert.deepEqual(statuses(driver), [ALERT_STATUS_ACKNOWLEDGED]);
    reportFiring(driver, "a");
    reportFiring(driver);
    advancePastInterval(driver);
    assert.deepEqual(
      messages(driver).map(({ alerts }) => alerts[0]?.status),
      [ALERT_STATUS_RESOLVED],
    );
    assert.equal(codeOf(driver.execute(key, takeAlert, { alertId: "a1" })), "alert.alert_missing");
  });

  it("a silence suppresses messages until it ends, by its time or by a caller", () => {
    for (const isEnded of [false, true]) {
      const driver = driven();
      const labels = { equals: { pool: "a" }, exists: [], absent: [] };
      silence(driver, { labels, toMs: driver.nowMs + 60_000 });
      reportFiring(driver, "a", "b");
      advancePastGrouping(driver);
      assert.deepEqual(
        messages(driver).map(({ alerts }) => alerts.map(({ labels }) => labels["pool"])),
        [["b"]],
      );
      settleAll(driver);
      if (isEnded) driver.execute(key, endSilence, { silenceId: "s1" });
      driver.advance(isEnded ? 10_001 : 60_001);
      advancePastInterval(driver);
      assert.deepEqual(
        messages(driver).map(({ alerts }) => alerts.map(({ labels }) => labels["pool"])),
        [["a"]],
      );
    }
  });

  it("a message that its receiver rejects is dead and visible, and can be sent again under its number", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    settleAll(driver, false);
    assert.deepEqual(messages(driver), []);
    assert.deepEqual(
      stateOf(driver).deliveries.map(({ number, problem }) => [number, problem]),
      [[1, "410 Gone"]],
    );
    assert.deepEqual(driver.execute(key, retryDeliveries, { numbers: [] }), { count: 1 });
    assert.deepEqual(
      messages(driver).map(({ number }) => number),
      [1],
    );
    settleAll(driver);
    assert.deepEqual(stateOf(driver).deliveries, []);
  });

  it("a built-in rule stays built-in after a change by a caller, and keeps the change", () => {
    const driver = driven();
    const builtIn = rule({ ruleId: "disk", title: "Disk is full" });
    driver.execute(key, installRules, { rules: [builtIn] });
    driver.execute(key, keepRule, { rule: { ...builtIn, holdMs: 9 }, revision: 1 });
    driver.execute(key, installRules, { rules: [builtIn] });
    const found = stateOf(driver).rules.find((each) => each.rule?.ruleId === "disk");
    assert.deepEqual([found?.revision, found?.rule?.readyMade, found?.rule?.holdMs], [2, true, 9]);
    assert.equal(codeOf(driver.execute(key, removeRule, { ruleId: "disk" })), "alert.rule_built_in");
  });

  it("alerts of a removed or disabled rule end, and receivers are notified", () => {
    const driver = driven();
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    settleAll(driver);
    driver.execute(key, removeRule, { ruleId: "failures" });
    assert.deepEqual(statuses(driver), [ALERT_STATUS_RESOLVED]);
    assert.deepEqual(
      messages(driver).map(({ alerts }) => alerts[0]?.status),
      [ALERT_STATUS_RESOLVED],
    );
    assert.deepEqual(driver.execute(key, removeRule, { ruleId: "failures" }), { removed: false });

    const other = driven();
    reportFiring(other, "a");
    other.execute(key, keepRule, { rule: rule({ disabled: true }), revision: 0 });
    reportFiring(other, "a");
    assert.deepEqual(statuses(other), [ALERT_STATUS_RESOLVED]);
  });

  it("a change by an older revision is rejected", () => {
    const driver = driven();
    driver.execute(key, keepRule, { rule: rule({ title: "Other" }), revision: 1 });
    const late = driver.execute(key, keepRule, { rule: rule({ title: "Third" }), revision: 1 });
    assert.equal(codeOf(late), "alert.rule_moved");
  });

  it("only the latest 1,000 ended alerts are kept", () => {
    const driver = driven();
    const found = Array.from({ length: 1_500 }, (_, number) => ({
      ...{ labels: { pool: `p${number}` }, values: {}, title: "", advice: "" },
    }));
    driver.execute(key, observe, { observations: [{ ruleId: "failures", found }] });
    reportFiring(driver);
    reportFiring(driver, "last");
    assert.equal(alertsOf(driver).length, 1_001);
  });
});
