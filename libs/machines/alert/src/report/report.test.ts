import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AlertReported,
  type AlertReportsTaken,
  AlertRule,
  AlertStatus,
  LabelMatcher,
} from "@tutti/contracts/insight/v1";
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
  silence,
  stateOf,
} from "../alert.fixture.ts";
import { keepRule, reportedForMs, reportsMax, takeAlertReports } from "../index.ts";
import { fingerprintOf, labelsOf } from "./labels.ts";

const { ALERT_STATUS_FIRING, ALERT_STATUS_RESOLVED } = AlertStatus;
const external = (ruleId: string, receivers: string[]) =>
  AlertRule.fromPartial({
    ruleId,
    title: "Reported",
    severity: Severity.SEVERITY_ERROR,
    receivers,
    external: true,
  });
const report = (
  driver: MachineDriver,
  ...alerts: readonly Parameters<typeof AlertReported.fromPartial>[0][]
) => {
  const answer = driver.execute(key, takeAlertReports, {
    alerts: alerts.map((each) => AlertReported.fromPartial(each)),
  });
  assert.ok(!isRefusal(answer));
  return answer as AlertReportsTaken;
};
const disk = (node: string) => ({ labels: { alertname: "Disk", node } });
const statuses = (driver: MachineDriver) => alertsOf(driver).map(({ status }) => status);

describe("alerts that other systems report", () => {
  it("fire at once, and go to the receivers of the rule with their name", () => {
    const driver = driven(external("Disk", ["disks"]), external("external", ["others"]));
    report(driver, disk("a"), disk("b"), { labels: { alertname: "Net" } });
    advancePastGrouping(driver);
    assert.deepEqual(
      messages(driver).map(({ receiver, count }) => [receiver, count]),
      [
        ["disks", 2],
        ["others", 1],
      ],
    );
  });

  it("need no rule, and get their title, advice and severity from annotations and labels", () => {
    const driver = driven();
    const annotations = {
      summary: "Disk is full",
      description: "Delete logs",
      runbook_url: "https://run.book",
    };
    report(driver, { labels: { alertname: "Disk", severity: "page" }, annotations });
    const [alert] = alertsOf(driver);
    assert.deepEqual(
      [alert?.ruleId, alert?.title, alert?.advice, alert?.severity],
      ["external", "Disk is full", "Delete logs\n\nRunbook: https://run.book", Severity.SEVERITY_CRITICAL],
    );
    assert.equal(stateOf(driver).incidents.length, 1);
  });

  it("get title and advice from their rule, with their labels in place of expressions", () => {
    const texts = {
      title: "Disk of ${{ labels.node }} is full",
      advice: "Clean ${{ labels.node }} ${{ labels.rack }}.",
    };
    const driver = driven(AlertRule.fromPartial({ ...external("Disk", []), ...texts }));
    report(driver, disk("a"), { ...disk("b"), annotations: { summary: "B is full" } });
    assert.deepEqual(
      alertsOf(driver).map(({ title, advice }) => [title, advice]),
      [
        ["Disk of a is full", "Clean a ?."],
        ["B is full", "Clean b ?."],
      ],
    );
  });

  it("end when they are reported as over", () => {
    const driver = driven(external("Disk", ["disks"]));
    report(driver, disk("a"));
    advancePastGrouping(driver);
    settleAll(driver);
    report(driver, { ...disk("a"), endMs: driver.nowMs - 1 });
    assert.deepEqual(statuses(driver), [ALERT_STATUS_RESOLVED]);
    advancePastInterval(driver);
    assert.equal(messages(driver)[0]?.alerts[0]?.status, ALERT_STATUS_RESOLVED);
    // An ended alert that was not known is ignored.
    report(driver, { ...disk("b"), endMs: driver.nowMs - 1 });
    assert.equal(alertsOf(driver).length, 1);
  });

  it("end by themselves when they are not reported again", () => {
    const driver = driven(external("Disk", ["disks"]));
    const startMs = driver.nowMs;
    report(driver, disk("a"));
    driver.advance(reportedForMs - 1);
    assert.deepEqual(statuses(driver), [ALERT_STATUS_FIRING]);
    report(driver, disk("a"));
    driver.advance(reportedForMs - 1);
    assert.deepEqual(statuses(driver), [ALERT_STATUS_FIRING]);
    driver.advance(2);
    const [alert] = alertsOf(driver);
    assert.deepEqual([alert?.status, alert?.endMs], [ALERT_STATUS_RESOLVED, startMs + 2 * reportedForMs - 1]);
  });

  it("a repeated report changes texts without a message, and the same report has no event", () => {
    const driver = driven(external("Disk", ["disks"]));
    const endMs = driver.nowMs + 60_000;
    report(driver, { ...disk("a"), endMs });
    advancePastGrouping(driver);
    settleAll(driver);
    const before = driver.history(key).length;
    report(driver, { ...disk("a"), endMs });
    assert.equal(driver.history(key).length, before);
    report(driver, { ...disk("a"), endMs, annotations: { summary: "Still full" } });
    assert.equal(driver.history(key).length, before + 1);
    assert.equal(alertsOf(driver)[0]?.title, "Still full");
    advancePastInterval(driver);
    assert.deepEqual(messages(driver), []);
  });

  it("move to their own rule when it is created", () => {
    const driver = driven();
    report(driver, disk("a"));
    driver.execute(key, keepRule, { rule: external("Disk", ["disks"]), revision: 0 });
    report(driver, disk("a"));
    assert.deepEqual(
      alertsOf(driver).map(({ ruleId, status }) => [ruleId, status]),
      [
        ["external", ALERT_STATUS_RESOLVED],
        ["Disk", ALERT_STATUS_FIRING],
      ],
    );
  });

  it("are dropped and counted if there are too many or their rule is disabled", () => {
    const driver = driven({ ...external("Off", []), disabled: true });
    assert.deepEqual(report(driver, { labels: { alertname: "Off" } }), { accepted: 0, leftOut: 1 });
    const many = Array.from({ length: reportsMax + 1 }, (_, at) => disk(String(at)));
    assert.deepEqual(report(driver, ...many), { accepted: reportsMax, leftOut: 1 });
    assert.equal(alertsOf(driver).length, reportsMax);
  });

  it("are silenced by conditions on their labels, and so are alerts of rules by name and severity", () => {
    const driver = driven(external("Disk", ["disks"]), rule({ ruleId: "failures" }));
    const matching = (...matchers: readonly Partial<LabelMatcher>[]) => ({
      match: { matchers: matchers.map((each) => LabelMatcher.fromPartial(each)), author: "ada" },
      toMs: driver.nowMs + 600_000,
    });
    const refused = silence(driver, matching({ name: "node", value: ".*", regex: true }));
    assert.ok(isRefusal(refused) && /does not match an empty value/.test(refused.message));
    const broken = silence(driver, matching({ name: "node", value: "(", regex: true }));
    assert.ok(isRefusal(broken) && /matchers\[0\]\.value/.test(broken.message));
    const node = { name: "node", value: "a|b", regex: true };
    silence(driver, matching({ name: "alertname", value: "Disk" }, node));
    report(driver, disk("a"), disk("c"));
    advancePastGrouping(driver);
    assert.deepEqual(
      messages(driver).map(({ alerts }) => alerts.map(({ labels }) => labels["node"])),
      [["c"]],
    );
  });

  it("a silence that replaces another silence leaves no gap", () => {
    const driver = driven(external("Disk", ["disks"]));
    silence(driver, { toMs: driver.nowMs + 60_000 });
    report(driver, disk("a"));
    silence(driver, { toMs: driver.nowMs + 600_000, replaces: "s1" });
    driver.advance(120_000);
    assert.deepEqual(messages(driver), []);
    const missing = silence(driver, { toMs: driver.nowMs + 600_000, replaces: "s1" });
    assert.ok(isRefusal(missing) && missing.code === "alert.silence_missing");
  });
});

describe("fingerprints", () => {
  it("equal those of Alertmanager", () => {
    const labels = { severity: "warning", alertname: "foo", node: "a" };
    assert.equal(fingerprintOf(labels), "3e8bd6317d6cae24");
    assert.equal(fingerprintOf({}), "cbf29ce484222325");
  });

  it("alerts of rules have their rule and severity as labels", () => {
    const driver = driven();
    report(driver, disk("a"));
    const [alert] = alertsOf(driver);
    assert.ok(alert !== undefined);
    assert.deepEqual(labelsOf(alert), { alertname: "Disk", node: "a" });
    assert.deepEqual(labelsOf({ ...alert, report: undefined, ruleId: "disk" }), {
      ...{ alertname: "Disk", node: "a", severity: "warning" },
    });
  });
});
