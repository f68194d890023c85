import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FindingResult } from "@tutti/contracts/governance/v1";
import { isRefusal, toTimestamp } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { findingBy, findingsKey, reportOn } from "../testing/findings.ts";
import { findingsMax, reportsMax } from "./findings-log.ts";
import { findings, found, keepReport, takeFindings } from "./machine.ts";

const { FINDING_RESULT_HELD, FINDING_RESULT_NOTED } = FindingResult;
const dayMs = 86_400_000;

function contentsOf(driver: MachineDriver) {
  const contents = driver.query(findingsKey, found, undefined);
  assert.ok(!isRefusal(contents));
  return contents;
}

describe("findings", () => {
  const driver = () => new MachineDriver({ machines: [findings], service: "governance" });

  it("are stored under their event if the rule was violated, and only counted otherwise", () => {
    const one = driver();
    const held = findingBy("largest", { result: FINDING_RESULT_HELD, count: 40 });
    one.execute(findingsKey, takeFindings, { findings: [held, findingBy("largest")], leftOut: 0 });
    one.execute(findingsKey, keepReport, { report: reportOn("one") });
    const noted = findingBy("largest", { result: FINDING_RESULT_NOTED, count: 2 });
    one.execute(findingsKey, takeFindings, { findings: [noted], leftOut: 5 });
    const { findings: stored, tallies, leftOut } = contentsOf(one);
    assert.deepEqual(
      stored.map(({ findingId, result }) => [findingId, result]),
      [
        ["1.1", FindingResult.FINDING_RESULT_DENIED],
        ["3.0", FINDING_RESULT_NOTED],
      ],
    );
    assert.deepEqual(
      tallies.map(({ ruleId, evaluated, violated, handled }) => [ruleId, evaluated, violated, handled]),
      [["largest", 43, 3, 1]],
    );
    assert.equal(leftOut, 5);
  });

  it("are counted by day", () => {
    const one = driver();
    const at = (day: number) => findingBy("largest", { findTime: toTimestamp(day * dayMs + 5) });
    one.execute(findingsKey, takeFindings, { findings: [at(3), at(4), at(4)], leftOut: 0 });
    assert.deepEqual(
      contentsOf(one).tallies.map(({ day, violated }) => [day, violated]),
      [
        [toTimestamp(3 * dayMs), 1],
        [toTimestamp(4 * dayMs), 2],
      ],
    );
  });

  it("are limited in number, as are reports: the oldest make room for later ones", () => {
    const one = driver();
    const many = Array.from({ length: findingsMax }, () => findingBy("largest"));
    one.execute(findingsKey, takeFindings, { findings: many, leftOut: 0 });
    one.execute(findingsKey, takeFindings, { findings: [findingBy("region")], leftOut: 0 });
    const { findings: stored } = contentsOf(one);
    assert.deepEqual(
      [stored.length, stored[0]?.findingId, stored.at(-1)?.ruleId],
      [findingsMax, "1.1", "region"],
    );
    const other = driver();
    for (let index = 0; index <= reportsMax; index++)
      other.execute(findingsKey, keepReport, { report: reportOn(`report_${index}`) });
    const { reports } = contentsOf(other);
    assert.deepEqual([reports.length, reports[0]?.reportId], [reportsMax, "report_1"]);
  });

  it("store the first version of a report", () => {
    const one = driver();
    one.execute(findingsKey, keepReport, { report: reportOn("one") });
    one.execute(findingsKey, keepReport, { report: { ...reportOn("one"), framework: "iso27001" } });
    assert.deepEqual(
      contentsOf(one).reports.map(({ framework }) => framework),
      ["soc2"],
    );
  });
});
