/**
 * Makes the content of a report from facts, analysis and series of one namespace.
 *
 * 1. A failed section shows its problem in place of its table, because the other sections are still useful.
 * 2. Each section has a maximum of rows, and all sections together have a maximum of bytes, because the content is the
 *    output of a run.
 */
import { type admissionService, CreateReportRequest } from "@tutti/contracts/governance/v1";
import {
  type analysisService,
  FindBottlenecksRequest,
  FindPatternsRequest,
  FindRootCausesRequest,
  GetCapacityRequest,
  ReportAnalysis,
  SeriesQuery,
} from "@tutti/contracts/insight/v1";
import { type CallContext, type Clock, errorFromUnknown, fromTimestamp, toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { FactCollector } from "../facts/collector.ts";
import type { QueryProcess } from "../facts/query/query-process.ts";
import { timeText } from "../facts/tables.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";
import type { Cell, Line, ReportContent, ReportInput, RequestedSection, Section } from "./content.ts";
import { sectionsOf } from "./sections.ts";

type AnalysisMethods = Pick<
  Client<typeof analysisService>,
  "findBottlenecks" | "findRootCauses" | "findPatterns" | "getCapacity"
>;

export interface ReportParts {
  readonly collector: Pick<FactCollector, "recordAll">;
  readonly queries: Pick<QueryProcess, "query">;
  readonly series: Pick<SeriesThread, "request">;
  readonly analysis: AnalysisMethods;
  readonly compliance: Pick<Client<typeof admissionService>, "createReport">;
  readonly file: string;
  readonly clock: Clock;
}

interface Scope extends Pick<ReportInput, "kind" | "subject"> {
  readonly namespace: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly context: CallContext;
}

/** How long a report waits until the work before it is recorded. */
const patienceMs = 60_000;
const rowsMax = 200;
const bytesMax = 256 * 1024;
const stepMinMs = 60_000;
const pointsMax = 200;
const linesMax = 8;
const emptySection: Omit<Section, "title" | "text"> = { columns: [], rows: [], cut: false };

export async function buildReport(
  parts: ReportParts,
  input: ReportInput,
  { namespace, context, done }: { namespace: string; context: CallContext; done: (share: number) => void },
): Promise<ReportContent> {
  const recordedMs = await parts.collector.recordAll(patienceMs);
  const nowMs = parts.clock.now();
  // Nothing is known yet of a moment after the last recorded one.
  const toMs = recordedMs === 0 ? nowMs : Math.min(nowMs, recordedMs);
  const { kind, subject, title, spanMs } = input;
  const scope = { namespace, kind, subject, fromMs: toMs - spanMs, toMs, context };
  const requestedSections = input.sections.length === 0 ? sectionsOf(kind) : input.sections;
  const sections: Section[] = [];
  let bytes = 0;
  for (const [at, { title: heading, text, content }] of requestedSections.entries()) {
    const body = await bodyOf(parts, scope, content).catch((thrown: unknown) => {
      if (context.signal.aborted) throw thrown;
      return { ...emptySection, problem: errorFromUnknown(thrown).message };
    });
    const section = fitted({ title: heading, text, ...body }, bytesMax - bytes);
    bytes += sizeOf(section);
    sections.push(section);
    done((at + 1) / requestedSections.length);
  }
  return { namespace, kind, subject, title, fromMs: scope.fromMs, toMs, sections };
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Drops rows for which there is no room. */
function fitted(section: Section, room: number): Section {
  if (sizeOf(section) <= room) return section;
  const { lines: _, ...rest } = section;
  const rows: (readonly Cell[])[] = [];
  let left = room - sizeOf({ ...rest, rows: [] });
  for (const row of section.rows) {
    left -= sizeOf(row) + 1;
    if (left < 0) break;
    rows.push(row);
  }
  return { ...rest, rows, cut: true };
}

type Body = Omit<Section, "title" | "text">;

async function bodyOf(parts: ReportParts, scope: Scope, content: RequestedSection["content"]): Promise<Body> {
  switch (content?.$case) {
    case undefined:
      return emptySection;
    case "sql":
      return tableOf(parts, scope, content.value);
    case "series":
      return linesOf(parts, scope, content.value);
    case "analysis":
      return findingsOf(parts, scope, content.value);
  }
}

async function tableOf(parts: ReportParts, scope: Scope, sql: string): Promise<Body> {
  const { namespace, subject, fromMs, toMs } = scope;
  const answer = await parts.queries.query({
    file: parts.file,
    sql,
    rowsMax,
    namespace,
    parameters: { from: timeText(fromMs) ?? "", to: timeText(toMs) ?? "", subject },
  });
  if ("problem" in answer) return { ...emptySection, problem: answer.problem };
  const { columns, rows, cut } = answer;
  return { columns, rows: JSON.parse(rows), cut };
}

async function linesOf({ series }: ReportParts, scope: Scope, query: SeriesQuery): Promise<Body> {
  const { namespace, fromMs, toMs } = scope;
  const found = await series.request("query", {
    namespace,
    queries: [SeriesQuery.fromPartial({ ...query, queryId: "series" })],
    nowMs: toMs,
    span: { from: toTimestamp(fromMs), to: toTimestamp(toMs) },
    stepMs: Math.max(stepMinMs, (toMs - fromMs) / pointsMax),
  });
  const lines = found.slice(0, linesMax).map(({ labels, startTime, stepMs, values }): Line => {
    const named = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    return {
      name: named.join(" ") || query.metric,
      startMs: startTime === undefined ? fromMs : fromTimestamp(startTime),
      stepMs,
      values: [...values].map((value) => (Number.isFinite(value) ? rounded(value) : null)),
    };
  });
  const rows = lines.map(({ name, values }): Cell[] => {
    const known = values.filter((value) => value !== null);
    const sum = known.reduce((all, value) => all + value, 0);
    if (known.length === 0) return [name, null, null, null, null];
    return [name, Math.min(...known), rounded(sum / known.length), Math.max(...known), known.at(-1) ?? null];
  });
  return { columns: ["series", "least", "mean", "most", "last"], rows, cut: found.length > linesMax, lines };
}

const rounded = (value: number): number => Number(value.toPrecision(6));

async function findingsOf(parts: ReportParts, scope: Scope, which: ReportAnalysis): Promise<Body> {
  const { namespace, fromMs, toMs, kind, subject, context } = scope;
  const span = { from: toTimestamp(fromMs), to: toTimestamp(toMs) };
  const definition = kind === "workflow" ? subject : "";
  const options = { context };
  const { analysis } = parts;
  switch (which) {
    case ReportAnalysis.REPORT_ANALYSIS_BOTTLENECKS: {
      const request = FindBottlenecksRequest.fromPartial({ namespace, span, definition });
      const { bottlenecks } = await analysis.findBottlenecks(request, options);
      return findings(bottlenecks.map((found) => ({ ...found, remedies: remediesOf(found.improvements) })));
    }
    case ReportAnalysis.REPORT_ANALYSIS_CAUSES: {
      const subjectOf = { $case: "errorCode", value: "*" } as const;
      const request = FindRootCausesRequest.fromPartial({ namespace, span, subject: subjectOf });
      return findings((await analysis.findRootCauses(request, options)).causes);
    }
    case ReportAnalysis.REPORT_ANALYSIS_PATTERNS: {
      const request = FindPatternsRequest.fromPartial({ namespace, span, definition });
      return findings((await analysis.findPatterns(request, options)).patterns);
    }
    case ReportAnalysis.REPORT_ANALYSIS_CAPACITY: {
      const request = GetCapacityRequest.fromPartial({ namespace });
      const { capacities } = await analysis.getCapacity(request, options);
      const rows = capacities.map(({ pool, slots, recommendedSlots, recommendedAgents, peak }): Cell[] => [
        ...[pool, slots, recommendedSlots, recommendedAgents, rounded(peak)],
      ]);
      const columns = ["pool", "slots", "slots_needed", "agents_needed", "busiest_share"];
      return { columns, rows, cut: false };
    }
    case ReportAnalysis.REPORT_ANALYSIS_COMPLIANCE: {
      const request = CreateReportRequest.fromPartial({ namespace, framework: subject, span });
      const { report } = await parts.compliance.createReport(request, options);
      const rows = (report?.lines ?? []).map(({ control, kept, evaluated, violated, handled }): Cell[] => [
        ...[control, kept ? "yes" : "no", evaluated, violated, handled],
      ]);
      return { columns: ["control", "kept", "evaluated", "violated", "handled"], rows, cut: false };
    }
    default:
      return emptySection;
  }
}

interface Finding {
  readonly summary: string;
  readonly startTime?: Parameters<typeof fromTimestamp>[0] | undefined;
  readonly remedies: readonly { readonly text: string }[];
}

function remediesOf(improvements: readonly { readonly remedy?: { readonly text: string } | undefined }[]) {
  return improvements.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
}

function findings(found: readonly Finding[]): Body {
  const rows = found
    .slice(0, rowsMax)
    .map(({ summary, startTime, remedies }): Cell[] => [
      ...[summary, startTime === undefined ? null : timeText(fromTimestamp(startTime))],
      remedies.map(({ text }) => text).join(" "),
    ]);
  return { columns: ["finding", "since", "proposal"], rows, cut: found.length > rowsMax };
}
