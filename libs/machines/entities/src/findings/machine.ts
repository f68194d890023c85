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
import { Book, bounded } from "./book.ts";

export const findingsKind = "findings";

const findingsTaken: MachineEvent<Book, never, FindingsTakenV1> = {
  type: "findings_taken",
  version: 1,
  codec: FindingsTakenV1,
  evolve(book, { findings: taken, leftOut }) {
    book.take(taken, leftOut);
  },
};

const reportKept: MachineEvent<Book, never, ReportKeptV1> = {
  type: "report_kept",
  version: 1,
  codec: ReportKeptV1,
  evolve(book, { report }) {
    // A report is an event of the machine too, and names of findings count events.
    book.batches++;
    if (report !== undefined) book.keepReport(report);
  },
};

export const takeFindings: Command<Book, TakeFindings, FindingsTaken, never> = {
  type: "take_findings",
  codec: TakeFindings,
  reply: FindingsTaken,
  decide(book, { findings: given, leftOut }, step) {
    if (given.length === 0 && leftOut <= 0) return { kept: book.size };
    step.emit(findingsTaken, { findings: given.map(bounded), leftOut: Math.max(0, leftOut) });
    return { kept: book.size };
  },
};

export const keepReport: Command<Book, KeepReport, ReportKept, never> = {
  type: "keep_report",
  codec: KeepReport,
  reply: ReportKept,
  decide(book, { report }, step) {
    const known = report && (book.reports.get(report.reportId) as ComplianceReport | undefined);
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

export const found: Query<Book, void, Found> = {
  type: "found",
  answer: (book) => ({
    findings: [...book.findings()],
    tallies: [...book.tallies()],
    reports: [...book.reports.values()],
    leftOut: book.leftOut,
  }),
};

export const findings = entity({
  kind: findingsKind,
  create: () => new Book(),
  commands: [takeFindings, keepReport],
  events: [findingsTaken, reportKept],
  queries: [found],
  snapshot: {
    codec: FindingsSnapshotV1,
    of: (book: Book) => ({
      findings: [...book.findings()],
      tallies: [...book.tallies()],
      reports: [...book.reports.values()],
      leftOut: book.leftOut,
      batches: book.batches,
    }),
    from(kept) {
      const book = new Book();
      for (const finding of kept.findings) book.keep(finding);
      for (const tally of kept.tallies) book.keepTally(tally);
      for (const report of kept.reports) book.keepReport(report);
      book.leftOut = kept.leftOut;
      book.batches = kept.batches;
      return book;
    },
  },
});
