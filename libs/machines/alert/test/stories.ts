/** Histories that every release must read: recorded once by `npm run golden`. */
import { AlertReported, AlertRule, EscalationPolicy, Rotation } from "@tutti/contracts/insight/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import {
  advancePastGrouping,
  advancePastInterval,
  driven,
  key,
  reportFiring,
  rule,
  settleAll,
  silence,
} from "../src/alert.fixture.ts";
import {
  alert,
  changeIncident,
  endSilence,
  installRules,
  keepPolicy,
  keepRotation,
  keepRule,
  observe,
  removePolicy,
  removeRotation,
  removeRule,
  reportedForMs,
  retryDeliveries,
  takeAlert,
  takeAlertReports,
} from "../src/index.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** A rule from its first alert to its removal. */
  told: (release) => {
    const driver = driven();
    driver.execute(key, installRules, { rules: [rule({ ruleId: "disk" })] });
    const labels = { equals: { pool: "b" }, exists: [], absent: [] };
    silence(driver, { labels, toMs: driver.nowMs + 60_000 });
    reportFiring(driver, "a", "b");
    advancePastGrouping(driver);
    settleAll(driver, false);
    driver.execute(key, retryDeliveries, { numbers: [] });
    settleAll(driver);
    driver.execute(key, takeAlert, { alertId: "a2" });
    driver.execute(key, endSilence, { silenceId: "s1" });
    reportFiring(driver, "a");
    advancePastInterval(driver);
    driver.execute(key, removeRule, { ruleId: "failures" });
    return goldenOf(driver, alert, key, release);
  },
  /** A rule that another one inhibits, until that ends. */
  inhibited: (release) => {
    const driver = driven(
      rule({ inhibitedBy: ["queue"], inhibitLabels: ["pool"] }),
      rule({ ruleId: "queue" }),
    );
    const observations = ["queue", "failures"].map((ruleId) => ({
      ruleId,
      found: [{ labels: { pool: "a" }, values: { failed: 1 }, title: "", advice: "" }],
    }));
    driver.execute(key, observe, { observations });
    advancePastGrouping(driver);
    settleAll(driver);
    driver.execute(key, observe, { observations: [{ ruleId: "queue", found: [] }] });
    advancePastInterval(driver);
    settleAll(driver);
    return goldenOf(driver, alert, key, release);
  },
  /** An escalation of two steps, until the owner of the incident acknowledges it. */
  escalated: (release) => {
    const driver = driven();
    const members = ["ada", "bob"].map((name) => ({ name, receivers: [name] }));
    driver.execute(key, keepRotation, {
      rotation: Rotation.fromPartial({ rotationId: "web", members, timeZone: "UTC" }),
      revision: 0,
    });
    const steps = [{ receivers: ["desk"] }, { afterMs: 60_000, rotations: ["web"] }];
    driver.execute(key, keepPolicy, {
      policy: EscalationPolicy.fromPartial({ policyId: "night", steps, repeats: 1 }),
      revision: 0,
    });
    driver.execute(key, keepRule, { rule: rule({ escalation: "night" }), revision: 0 });
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    settleAll(driver);
    driver.advance(60_001);
    settleAll(driver);
    const change = { incidentId: "i1", owner: "ada", note: "", resolution: "", postMortem: "" };
    driver.execute(key, changeIncident, change);
    reportFiring(driver, "b");
    advancePastInterval(driver);
    reportFiring(driver);
    advancePastInterval(driver);
    driver.execute(key, removeRule, { ruleId: "failures" });
    driver.execute(key, removePolicy, { policyId: "night" });
    driver.execute(key, removeRotation, { rotationId: "web" });
    return goldenOf(driver, alert, key, release);
  },
  /**
   * Alerts that another system reports: one has ended, one is silenced, one is reported again and expires.
   */
  reported: (release) => {
    const settings = { ruleId: "Disk", title: "Disk", receivers: ["ops"], external: true };
    const driver = driven(AlertRule.fromPartial(settings));
    const reported = (node: string, fields: Partial<AlertReported> = {}) =>
      AlertReported.fromPartial({ labels: { alertname: "Disk", node, severity: "critical" }, ...fields });
    const matchers = [{ name: "node", value: "b|c", regex: true, negated: false }];
    silence(driver, { match: { matchers, author: "ada" }, toMs: driver.nowMs + 60_000 });
    driver.execute(key, takeAlertReports, { alerts: ["a", "b", "d"].map((node) => reported(node)) });
    advancePastGrouping(driver);
    settleAll(driver);
    const annotations = { summary: "Still full" };
    driver.execute(key, takeAlertReports, {
      alerts: [reported("a", { annotations }), reported("d", { endMs: driver.nowMs - 1 })],
    });
    advancePastInterval(driver);
    settleAll(driver);
    silence(driver, { match: { matchers, author: "ada" }, toMs: driver.nowMs + 600_000, replaces: "s1" });
    driver.advance(reportedForMs + 1);
    return goldenOf(driver, alert, key, release);
  },
  /** An incident from its first alert to its post-mortem. */
  incident: (release) => {
    const driver = driven();
    reportFiring(driver, "a", "b");
    const change = { incidentId: "i1", owner: "ada", note: "looking", resolution: "", postMortem: "" };
    driver.execute(key, changeIncident, change);
    reportFiring(driver);
    const end = { ...change, note: "", resolution: "Version 4 was wrong", postMortem: "# Version 4" };
    driver.execute(key, changeIncident, end);
    driver.advance(60_000);
    reportFiring(driver, "c");
    return goldenOf(driver, alert, key, release);
  },
};
