/**
 * Reports on compliance frameworks: by the rules that are tagged with their controls, and by the findings of
 * these.
 *
 * 1. A control is satisfied if an enforced rule serves it, and every violation was refused, asked about or
 *    changed.
 * 2. Each line refers to its evidence: the audit records of the findings, and the rules themselves.
 * 3. The number of evaluations is known per day (UTC). A report counts the days that its span touches.
 */
import { enumName } from "@tutti/contracts/enum";
import {
  type AdmissionRule,
  type auditService,
  ComplianceReport,
  type CreateReportRequest,
  Enforcement,
  type Evidence,
  type Finding,
  FindingResult,
  type GetReportRequest,
  type ListReportsRequest,
  type ReportLine,
  type RuleTally,
} from "@tutti/contracts/governance/v1";
import { causeOf, spanOf } from "@tutti/host";
import { execute } from "@tutti/host/serving";
import { type CallContext, descending, didYouMean, fromTimestamp, pageOf, toTimestamp } from "@tutti/kernel";
import { type Found, keepReport } from "@tutti/machine-entities/findings";
import { tenantErrors } from "@tutti/machine-entities/tenant";
import type { Client } from "@tutti/mesh";
import { systemNamespace } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { repeatedId } from "../identity/repeats.ts";
import type { TenantDependencies } from "../tenants/dependencies.ts";
import { findingsKey, foundIn, timeOf, withRecords } from "./findings.ts";

export interface ReportDependencies extends TenantDependencies {
  readonly audit: Pick<Client<typeof auditService>, "getCheckpoint" | "searchRecords">;
}

const evidenceMax = 100;
const idLength = 16;
const dayMs = 86_400_000;
const openMs = 30 * dayMs;
const proofMs = 10_000;

interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export async function listFrameworks(dependencies: TenantDependencies, context: CallContext) {
  const rules = await taggedRules(dependencies, context.namespace);
  const recorded = await foundIn(dependencies, context);
  const nowMs = dependencies.foundation.clock.now();
  const range = { fromMs: nowMs - openMs, toMs: nowMs + 1 };
  const frameworks = frameworksOf(rules).map((framework) => {
    const lines = linesOf(rules, framework, recorded, range, []);
    const covered = lines.filter(({ ruleIds }) => rules.some((rule) => isOf(rule, ruleIds) && counts(rule)));
    return {
      framework,
      covered: covered.length,
      open: covered.filter(({ violated, handled }) => violated > handled).length,
    };
  });
  return { frameworks };
}

export async function createReport(
  dependencies: ReportDependencies,
  request: CreateReportRequest,
  context: CallContext,
) {
  const { framework, span: requestedRange } = request;
  const { namespace } = context;
  const { from: fromMs, to: toMs } = spanOf(requestedRange);
  if (!(fromMs < toMs)) throw governanceErrors.spanInvalid();
  const reportId = repeatedId(context, "compliance report", idLength) ?? dependencies.ids.newId("report");
  const rules = await taggedRules(dependencies, namespace);
  const known = frameworksOf(rules);
  if (!known.includes(framework))
    throw governanceErrors.frameworkUnknown({
      framework,
      namespace,
      suggestion: didYouMean(framework, known),
    });
  const recorded = await foundIn(dependencies, context);
  const latest = latestOf(recorded, rules, framework, { fromMs, toMs });
  const proven = await withRecords(dependencies, latest, context);
  const report = ComplianceReport.fromPartial({
    namespace,
    reportId,
    framework,
    span: requestedRange,
    lines: linesOf(rules, framework, recorded, { fromMs, toMs }, proven),
    checkpoint: await checkpointNow(dependencies, namespace),
    createTime: toTimestamp(dependencies.foundation.clock.now()),
    createCause: causeOf(context),
  });
  const call = { command: keepReport, body: { report }, idempotencyKey: "" };
  const { report: first } = await execute(dependencies, findingsKey(namespace), call, context);
  if (first !== undefined && !isSameRequest(first, report))
    throw governanceErrors.repeatedOtherwise({ what: "report" });
  return { report: first };
}

export async function getReport(
  dependencies: TenantDependencies,
  { reportId }: GetReportRequest,
  context: CallContext,
) {
  const { reports } = await foundIn(dependencies, context);
  const report = reports.find((candidate) => candidate.reportId === reportId);
  if (report === undefined) throw tenantErrors.missing({ name: "report", id: reportId });
  return { report: report as ComplianceReport };
}

export async function listReports(
  dependencies: TenantDependencies,
  { framework, page }: ListReportsRequest,
  context: CallContext,
) {
  const { reports } = await foundIn(dependencies, context);
  const all = (reports as readonly ComplianceReport[])
    .filter((report) => framework === "" || report.framework === framework)
    .map((report) => ({ ...report, lines: [] }))
    .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  const list = ["reports", context.namespace, framework];
  const { items, nextToken } = pageOf(all, { list, keyOf: placeOf }, page);
  return { reports: items, page: { nextToken, total: all.length } };
}

/** Returns the rules of a namespace that serve some control. */
async function taggedRules(
  dependencies: TenantDependencies,
  namespace: string,
): Promise<readonly AdmissionRule[]> {
  const { content } = await dependencies.bundles.current();
  return content.rules.filter(
    (rule) =>
      rule.controls.length > 0 && (rule.namespace === namespace || rule.namespace === systemNamespace),
  );
}

function frameworksOf(rules: readonly AdmissionRule[]): string[] {
  return [...new Set(rules.flatMap(({ controls }) => controls.map(({ framework }) => framework)))].sort();
}

function linesOf(
  rules: readonly AdmissionRule[],
  framework: string,
  recorded: Pick<Found, "tallies">,
  range: TimeRange,
  findings: readonly Finding[],
): ReportLine[] {
  const byControl = new Map<string, AdmissionRule[]>();
  for (const rule of rules)
    for (const control of rule.controls)
      if (control.framework === framework)
        byControl.set(control.control, [...(byControl.get(control.control) ?? []), rule]);
  const tallies = (recorded.tallies as readonly RuleTally[]).filter(({ day }) => isWithin(day, range));
  return [...byControl]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([control, serving]) => lineOf(control, serving, tallies, findings));
}

function lineOf(
  control: string,
  rules: readonly AdmissionRule[],
  tallies: readonly RuleTally[],
  findings: readonly Finding[],
): ReportLine {
  const ruleIds = [...new Set(rules.map(({ ruleId }) => ruleId))].sort();
  const line = { control, ruleIds, evaluated: 0, violated: 0, handled: 0 };
  for (const { ruleId, evaluated, violated, handled } of tallies) {
    if (!ruleIds.includes(ruleId)) continue;
    line.evaluated += evaluated;
    line.violated += violated;
    line.handled += handled;
  }
  const own = findings.filter(({ ruleId }) => ruleIds.includes(ruleId));
  const evidence = [...rules.map(ruleEvidence), ...own.map(recordEvidence)].slice(0, evidenceMax);
  const isCompliant = rules.some(counts) && line.violated === line.handled;
  return { ...line, kept: isCompliant, evidence };
}

function ruleEvidence({ namespace, ruleId, description, enforcement }: AdmissionRule): Evidence {
  const mode = enforcement === Enforcement.ENFORCEMENT_SHADOW ? "in shadow mode" : "in force";
  const summary = `the rule ${namespace}/${ruleId}, ${mode}${description === "" ? "" : `: ${description}`}`;
  return { kind: "rule", id: `${namespace}/${ruleId}`, summary, time: undefined };
}

function recordEvidence({ recordId, ruleId, result, message, findTime, count }: Finding): Evidence {
  const resultName = enumName(FindingResult, result).replace("FINDING_RESULT_", "").toLowerCase();
  const often = count > 1 ? ` ${count} times` : "";
  return {
    kind: "record",
    id: recordId,
    summary: `${ruleId} ${resultName}${often}: ${message}`,
    time: findTime,
  };
}

/** Returns the latest ones, up to the maximum of a line. */
function latestOf(
  recorded: Found,
  rules: readonly AdmissionRule[],
  framework: string,
  { fromMs, toMs }: TimeRange,
): readonly Finding[] {
  const listed = new Map<string, number>();
  const ids = new Set(
    rules
      .filter(({ controls }) => controls.some((control) => control.framework === framework))
      .map(({ ruleId }) => ruleId),
  );
  return (recorded.findings as readonly Finding[])
    .filter((finding) => ids.has(finding.ruleId) && timeOf(finding) >= fromMs && timeOf(finding) < toMs)
    .sort((one, other) => timeOf(other) - timeOf(one))
    .filter(({ ruleId }) => {
      const times = listed.get(ruleId) ?? 0;
      listed.set(ruleId, times + 1);
      return times < evidenceMax;
    });
}

/** Returns the latest checkpoint, which includes everything in the report. 0 without an audit. */
async function checkpointNow({ audit, foundation }: ReportDependencies, namespace: string): Promise<number> {
  try {
    const page = { size: 1, token: "" };
    const options = { timeoutMs: proofMs };
    // A search first takes in new records.
    await audit.searchRecords({ namespace, filter: undefined, oldestFirst: false, page }, options);
    const { checkpoint } = await audit.getCheckpoint({ number: 0 }, options);
    return checkpoint?.number ?? 0;
  } catch (error) {
    foundation.logger.debug("compliance report made without an audit checkpoint", { error });
    return 0;
  }
}

function isWithin(day: RuleTally["day"], { fromMs, toMs }: TimeRange): boolean {
  const startMs = day === undefined ? 0 : fromTimestamp(day);
  return startMs < toMs && startMs + dayMs > fromMs;
}

function isSameRequest(one: ComplianceReport, other: ComplianceReport): boolean {
  const keyOf = ({ framework, span }: ComplianceReport) => JSON.stringify([framework, spanOf(span)]);
  return keyOf(one) === keyOf(other);
}

function isOf({ ruleId }: AdmissionRule, ruleIds: readonly string[]): boolean {
  return ruleIds.includes(ruleId);
}

function counts({ enforcement }: AdmissionRule): boolean {
  return enforcement !== Enforcement.ENFORCEMENT_SHADOW;
}

function placeOf({ createTime, reportId }: ComplianceReport): string {
  const timeMs = createTime === undefined ? 0 : fromTimestamp(createTime);
  return `${descending(timeMs)} ${reportId}`;
}
