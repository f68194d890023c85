import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { enumName } from "@tutti/contracts/enum";
import { IncidentEntryKind, IncidentStatus } from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import type { MachineDriver } from "@tutti/kernel/testing";
import { alertsOf, driven, key, reportFiring, rule, silence, stateOf } from "./alert.fixture.ts";
import {
  changeIncident,
  incidentEntriesMax,
  incidentReopenMs,
  incidentsMax,
  keepRule,
  observe,
} from "./index.ts";

const { INCIDENT_STATUS_OPEN, INCIDENT_STATUS_MITIGATED, INCIDENT_STATUS_RESOLVED } = IncidentStatus;
const nothing = { owner: "", note: "", resolution: "", postMortem: "" };

const incidents = (driver: MachineDriver) => stateOf(driver).incidents;
const change = (driver: MachineDriver, fields: object, incidentId = "i1") =>
  driver.execute(key, changeIncident, { ...nothing, incidentId, ...fields });
const kinds = (driver: MachineDriver) =>
  incidents(driver)[0]?.timeline.map(({ kind }) =>
    enumName(IncidentEntryKind, kind).replace("INCIDENT_ENTRY_KIND_", "").toLowerCase(),
  );
const found = (labels: Record<string, string>) => ({ labels, values: { failed: 1 }, title: "", advice: "" });

describe("incidents", () => {
  it("300 alerts of a rule are one incident, and join it in one timeline entry", () => {
    const driver = driven();
    reportFiring(driver, ...Array.from({ length: 300 }, (_, index) => `p${index}`));
    const [incident, ...others] = incidents(driver);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [incident?.incidentId, incident?.title, incident?.status, incident?.alerts, incident?.alertIds.length],
      ["i1", "Runs fail", INCIDENT_STATUS_OPEN, 300, 100],
    );
    assert.deepEqual(kinds(driver), ["opened", "joined"]);
    assert.equal(incident?.timeline[1]?.count, 300);
    assert.ok(alertsOf(driver).every(({ incidentId }) => incidentId === "i1"));
  });

  it("an alert of another rule joins an incident with an equal label, or opens its own incident", () => {
    const driver = driven(rule(), rule({ ruleId: "queue", severity: Severity.SEVERITY_CRITICAL }));
    reportFiring(driver, "a");
    const queue = (...all: object[]) =>
      driver.execute(key, observe, { observations: [{ ruleId: "queue", found: all as never }] });
    queue(found({ pool: "a", process: "x" }));
    assert.deepEqual(
      incidents(driver).map(({ ruleIds, severity }) => [ruleIds, severity]),
      [[["failures", "queue"], Severity.SEVERITY_CRITICAL]],
    );
    const other = driven(rule(), rule({ ruleId: "queue" }));
    reportFiring(other, "a");
    other.execute(key, observe, { observations: [{ ruleId: "queue", found: [found({ pool: "b" })] }] });
    assert.deepEqual(
      incidents(other).map(({ ruleIds }) => ruleIds),
      [["failures"], ["queue"]],
    );
  });

  it("an alert without labels joins an incident whose rules read the same metric", () => {
    const rules = [rule(), rule({ ruleId: "budget" }), rule({ ruleId: "disk" })] as const;
    const disk = { ...rules[2], queries: rules[2].queries.map((each) => ({ ...each, metric: "disk_free" })) };
    const driver = driven(rules[0], rules[1], disk);
    for (const ruleId of ["failures", "budget", "disk"])
      driver.execute(key, observe, { observations: [{ ruleId, found: [found({})] }] });
    assert.deepEqual(
      incidents(driver).map(({ ruleIds }) => ruleIds),
      [["failures", "budget"], ["disk"]],
    );
  });

  it("a warning or a silenced alert opens no incident", () => {
    const driver = driven(rule({ severity: Severity.SEVERITY_WARNING }));
    reportFiring(driver, "a");
    assert.deepEqual(incidents(driver), []);
    const silenced = driven();
    silence(silenced, { toMs: silenced.nowMs + 9_000 });
    reportFiring(silenced, "a");
    assert.deepEqual(incidents(silenced), []);
  });

  it("a pending alert joins when it fires", () => {
    const driver = driven(rule({ holdMs: 2_000 }));
    reportFiring(driver, "a");
    assert.deepEqual(incidents(driver), []);
    driver.advance(2_001);
    reportFiring(driver, "a");
    assert.equal(incidents(driver)[0]?.alerts, 1);
  });

  it("is resolved with its last alert, reopens soon after, and a later alert opens a new incident", () => {
    const driver = driven();
    reportFiring(driver, "a", "b");
    reportFiring(driver, "a");
    assert.equal(incidents(driver)[0]?.status, INCIDENT_STATUS_OPEN);
    reportFiring(driver);
    assert.deepEqual(
      [incidents(driver)[0]?.status, incidents(driver)[0]?.resolution, incidents(driver)[0]?.endMs],
      [INCIDENT_STATUS_RESOLVED, "All alerts ended.", driver.nowMs],
    );
    driver.advance(incidentReopenMs - 1);
    reportFiring(driver, "c");
    assert.deepEqual([incidents(driver).length, incidents(driver)[0]?.status], [1, INCIDENT_STATUS_OPEN]);
    assert.deepEqual(kinds(driver), ["opened", "joined", "ended", "ended", "resolved", "reopened", "joined"]);
    reportFiring(driver);
    driver.advance(incidentReopenMs);
    reportFiring(driver, "c");
    assert.deepEqual(
      incidents(driver).map(({ incidentId }) => incidentId),
      ["i1", "i2"],
    );
  });

  it("with an owner waits for the owner to resolve it, and records notes and the post-mortem", () => {
    const driver = driven();
    reportFiring(driver, "a");
    change(driver, { owner: "ada" });
    change(driver, { owner: "ada" });
    change(driver, { note: "Rolled back" });
    reportFiring(driver);
    assert.equal(incidents(driver)[0]?.status, INCIDENT_STATUS_MITIGATED);
    const endMs = driver.nowMs;
    driver.advance(60_000);
    change(driver, { resolution: "Version 4 was wrong", postMortem: "# Version 4" });
    const [incident] = incidents(driver);
    assert.deepEqual(
      [incident?.status, incident?.owner, incident?.resolution, incident?.postMortem, incident?.endMs],
      [INCIDENT_STATUS_RESOLVED, "ada", "Version 4 was wrong", "# Version 4", endMs],
    );
    assert.deepEqual(kinds(driver), [
      ...["opened", "joined", "owned", "note", "ended", "mitigated", "resolved", "post_mortem"],
    ]);
    assert.match(JSON.stringify(change(driver, { note: "late" }, "i9")), /incident_missing/);
  });

  it("keeps a bounded timeline with its start, and a bounded number of resolved incidents", () => {
    const driver = driven();
    reportFiring(driver, "a");
    for (let index = 0; index < incidentEntriesMax + 50; index++) change(driver, { note: `note ${index}` });
    const timeline = incidents(driver)[0]?.timeline ?? [];
    assert.deepEqual(
      [timeline.length, timeline[0]?.kind, timeline.at(-1)?.text],
      [incidentEntriesMax, IncidentEntryKind.INCIDENT_ENTRY_KIND_OPENED, "note 249"],
    );
    reportFiring(driver);
    for (let index = 0; index < incidentsMax + 20; index++) {
      driver.advance(incidentReopenMs);
      reportFiring(driver, "a");
      reportFiring(driver);
    }
    assert.deepEqual([incidents(driver).length, incidents(driver)[0]?.incidentId], [incidentsMax, "i22"]);
  });

  it("the end of a rule ends its incident", () => {
    const driver = driven();
    reportFiring(driver, "a");
    driver.execute(key, keepRule, { rule: rule({ disabled: true }), revision: 0 });
    reportFiring(driver, "a");
    assert.equal(incidents(driver)[0]?.status, INCIDENT_STATUS_RESOLVED);
  });
});
