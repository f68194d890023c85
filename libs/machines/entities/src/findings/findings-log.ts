/**
 * Findings of rules in a namespace.
 *
 * 1. Violations are kept one by one, and the oldest is dropped first. Passed checks are only counted.
 * 2. The name of a finding consists of its batch and its place there: the batch is an event of this machine, so a
 *    reader of the name finds the record of the journal that proves it.
 * 3. Evaluations of a rule are counted by day, so a report over many days does not need old findings.
 */
import {
  type ComplianceReport,
  Finding,
  FindingResult,
  type RuleTally,
} from "@tutti/contracts/governance/v1";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";

/** Limits of the findings: a snapshot has at most 16 MiB. */
export const findingsMax = 10_000;
export const reportsMax = 100;
const weightMax = 6 * 2 ** 20;
const talliesMax = 40_000;
const messageLengthMax = 1_000;
const dayMs = 86_400_000;

type Tally = Omit<RuleTally, "day"> & { readonly dayMs: number };

export class FindingsLog {
  /** Findings by their names, the oldest first. */
  readonly #findings = new Map<string, { readonly finding: Finding; readonly weight: number }>();
  /** Tallies by day and rule, the oldest first. */
  readonly #tallies = new Map<string, Tally>();
  /** Reports by their ids, the oldest first. */
  readonly reports = new Map<string, ComplianceReport>();
  #weight = 0;
  batches = 0;
  /** Total number since the start. */
  leftOut = 0;

  get size(): number {
    return this.#findings.size;
  }

  *findings(): Generator<Finding, void> {
    for (const { finding } of this.#findings.values()) yield finding;
  }

  *tallies(): Generator<RuleTally, void> {
    for (const { dayMs: day, ...tally } of this.#tallies.values()) yield { ...tally, day: toTimestamp(day) };
  }

  add(findings: readonly Finding[], leftOut: number): void {
    this.batches++;
    this.leftOut += leftOut;
    findings.forEach((finding, index) => {
      this.#count(finding);
      if (finding.result === FindingResult.FINDING_RESULT_HELD) return;
      this.insert({ ...finding, findingId: `${this.batches}.${index}` });
    });
  }

  insert(finding: Finding): void {
    const weight = Finding.encode(finding).finish().length;
    this.#findings.set(finding.findingId, { finding, weight });
    this.#weight += weight;
    for (const [oldest, { weight: removedWeight }] of this.#findings) {
      if (this.#findings.size <= findingsMax && this.#weight <= weightMax) return;
      this.#findings.delete(oldest);
      this.#weight -= removedWeight;
    }
  }

  insertTally({ day, ...tally }: RuleTally): void {
    const at = day === undefined ? 0 : fromTimestamp(day);
    this.#tallies.set(`${at} ${tally.ruleId}`, { ...tally, dayMs: at });
  }

  insertReport(report: ComplianceReport): void {
    this.reports.set(report.reportId, report);
    for (const oldest of this.reports.keys()) {
      if (this.reports.size <= reportsMax) return;
      this.reports.delete(oldest);
    }
  }

  #count({ ruleId, findTime, result, count }: Finding): void {
    const timeMs = findTime === undefined ? 0 : fromTimestamp(findTime);
    const day = Math.floor(timeMs / dayMs) * dayMs;
    const key = `${day} ${ruleId}`;
    const before = this.#tallies.get(key) ?? { ruleId, dayMs: day, evaluated: 0, violated: 0, handled: 0 };
    const times = Math.max(1, count);
    this.#tallies.set(key, {
      ...before,
      evaluated: before.evaluated + times,
      violated: before.violated + (result === FindingResult.FINDING_RESULT_HELD ? 0 : times),
      handled: before.handled + (handled.has(result) ? times : 0),
    });
    const [oldest] = this.#tallies.keys();
    if (this.#tallies.size > talliesMax && oldest !== undefined) this.#tallies.delete(oldest);
  }
}

/** Results that need no further action: the rule itself handled them. */
const handled: ReadonlySet<FindingResult> = new Set([
  FindingResult.FINDING_RESULT_DENIED,
  FindingResult.FINDING_RESULT_ASKED,
  FindingResult.FINDING_RESULT_CHANGED,
]);

/** Returns the finding without data that makes it too large. */
export function bounded(finding: Finding): Finding {
  const { message } = finding;
  return message.length <= messageLengthMax
    ? finding
    : { ...finding, message: `${message.slice(0, messageLengthMax - 1)}…` };
}
