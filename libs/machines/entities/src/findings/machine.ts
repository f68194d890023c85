/**
 * Findings of admission rules in a namespace: each process reports in batches, and a bounded number is kept, with
 * the reports made from them.
 */
import {
  type ComplianceReport,
  type Finding,
  FindingsSnapshotV1,
  FindingsTaken,
  FindingsTakenV1,
  KeepReport,
  ReportKept,
  ReportKeptV1,
  type RuleTally,
  TakeFindings,
} from "@tutti/contracts/governance/v1";
import type { Command, MachineEvent, Query, ReadOnly } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";
import { bounded, FindingsLog } from "./findings-log.ts";

export const findingsKind = "findings";

const findingsTaken: MachineEvent<FindingsLog, never, FindingsTakenV1> = {
  type: "findings_taken",
  version: 1,
  codec: FindingsTakenV1,
  evolve(log, { findings: added, leftOut }) {
    log.add(added, leftOut);
  },
};

const reportKept: MachineEvent<FindingsLog, never, ReportKeptV1> = {
  type: "report_kept",
  version: 1,
  codec: ReportKeptV1,
  evolve(log, { report }) {
    // A report is an event of the machine too, and names of findings count events.
    log.batches++;
    if (report !== undefined) log.insertReport(report);
  },
};

export const takeFindings: Command<FindingsLog, TakeFindings, FindingsTaken, never> = {
  type: "take_findings",
  codec: TakeFindings,
  reply: FindingsTaken,
  decide(log, { findings: received, leftOut }, step) {
    if (received.length === 0 && leftOut <= 0) return { kept: log.size };
    step.emit(findingsTaken, { findings: received.map(bounded), leftOut: Math.max(0, leftOut) });
    return { kept: log.size };
  },
};

export const keepReport: Command<FindingsLog, KeepReport, ReportKept, never> = {
  type: "keep_report",
  codec: KeepReport,
  reply: ReportKept,
  decide(log, { report }, step) {
    const known = report && (log.reports.get(report.reportId) as ComplianceReport | undefined);
    if (known !== undefined || report === undefined) return { report: known };
    step.emit(reportKept, { report });
    return { report };
  },
};

/** All stored data. */
export interface Found {
  /** Findings, the oldest first. */
  readonly findings: readonly ReadOnly<Finding>[];
  readonly tallies: readonly ReadOnly<RuleTally>[];
  readonly reports: readonly ReadOnly<ComplianceReport>[];
  readonly leftOut: number;
}

export const found: Query<FindingsLog, void, Found> = {
  type: "found",
  answer: (log) => ({
    findings: [...log.findings()],
    tallies: [...log.tallies()],
    reports: [...log.reports.values()],
    leftOut: log.leftOut,
  }),
};

export const findings = entity({
  kind: findingsKind,
  create: () => new FindingsLog(),
  commands: [takeFindings, keepReport],
  events: [findingsTaken, reportKept],
  queries: [found],
  snapshot: {
    codec: FindingsSnapshotV1,
    of: (log: FindingsLog) => ({
      findings: [...log.findings()],
      tallies: [...log.tallies()],
      reports: [...log.reports.values()],
      leftOut: log.leftOut,
      batches: log.batches,
    }),
    from(stored) {
      const log = new FindingsLog();
      for (const finding of stored.findings) log.insert(finding);
      for (const tally of stored.tallies) log.insertTally(tally);
      for (const report of stored.reports) log.insertReport(report);
      log.leftOut = stored.leftOut;
      log.batches = stored.batches;
      return log;
    },
  },
});
