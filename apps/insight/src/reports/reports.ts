/**
 * Reports. Each is a run of one task that insight executes as an agent. The output of the run is the content, and files
 * are rendered from it on request.
 *
 * 1. The caller needs the rights for the data of a report: facts by SQL, controls of frameworks. The run acts with the
 *    rights of insight, in the namespace of the report.
 * 2. A schedule starts the same runs. Insight creates the schedule, and its id ends with the digest of the input. Insight
 *    rejects runs of a schedule that a caller created or changed.
 */
import { createHash } from "node:crypto";
import {
  type CreateWorkReportReply,
  type CreateWorkReportRequest,
  type DeleteWorkReportRequest,
  type GetWorkReportReply,
  type GetWorkReportRequest,
  type ListWorkReportsReply,
  type ListWorkReportsRequest,
  Report,
  ReportFormat,
  ReportKind,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import * as workflow from "@tutti/contracts/workflow/v1";
import { type Guard, requireRight } from "@tutti/host";
import { jsonIn, type ServiceAgent, type TaskRequest, taskOf } from "@tutti/host/service-agent";
import { type CallContext, errorFromUnknown, type IdSource, jsonPayload, toTimestamp } from "@tutti/kernel";
import { installationNamespace, type Mesh } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import { agentPrefix } from "../insight-role.ts";
import { buildReport, type ReportParts } from "./build-report.ts";
import { type KindName, kindName, kindOf, type ReportContent, type ReportInput } from "./content.ts";
import { csvOf } from "./render/csv.ts";
import { htmlOf } from "./render/html.ts";
import { markdownOf } from "./render/markdown.ts";
import type { PdfPrinter } from "./render/pdf.ts";

export interface ReportsParts {
  readonly mesh: Pick<Mesh, "client">;
  readonly guard: Pick<Guard, "authorize"> | undefined;
  readonly ids: IdSource;
  readonly agent: ServiceAgent;
  readonly reportParts: ReportParts;
  readonly printer: Pick<PdfPrinter, "print">;
}

const capability = "tutti.report";
const labels = { kind: "report", subject: "report-subject", title: "report-title" } as const;
const dayMs = 24 * 3_600_000;
const weekMs = 7 * dayMs;
/** If the platform was down, it makes the report when it is back, within this time. */
const catchUpMs = dayMs;
const fileBytesMax = 1_048_576;
const digestLength = 16;

export class Reports {
  readonly #parts: ReportsParts;
  readonly #runs;
  readonly #schedules;
  readonly #tasks;

  constructor(parts: ReportsParts) {
    this.#parts = parts;
    this.#runs = parts.mesh.client(workflow.runService);
    this.#schedules = parts.mesh.client(workflow.scheduleService);
    this.#tasks = parts.mesh.client(workflow.taskService);
    parts.agent.register(capability, {
      work: ({ namespace, input, context, save }) =>
        // The cast: insight started the run, or created its schedule from this input.
        buildReport(parts.reportParts, input as ReportInput, {
          namespace,
          context,
          done: (share) => save("", share),
        }),
      isTrusted: (run, input, context) => this.#isScheduled(run, `-${digestOf(input)}`, context),
    });
  }

  async create(request: CreateWorkReportRequest, context: CallContext): Promise<CreateWorkReportReply> {
    const namespace = request.namespace || defaultNamespace;
    const input = inputOf(request, namespace);
    this.#requireRights(input, namespace, request.schedule !== "", context);
    const task: TaskRequest = {
      capability,
      title: input.title,
      input,
      labels: {
        [labels.kind]: input.kind,
        [labels.title]: input.title,
        ...(input.subject !== "" && { [labels.subject]: input.subject }),
      },
    };
    if (request.schedule !== "") return this.#schedule(namespace, request, task, context);
    const { idempotencyKey: key } = request;
    const runId = key === "" ? this.#parts.ids.newId("report") : `report-${digestOf(key)}`;
    await this.#parts.agent.startTask({ namespace, runId }, task, context);
    const { report } = await this.#read(namespace, runId, context);
    return { report, scheduleId: "" };
  }

  async get(
    { namespace: named, reportId, format }: GetWorkReportRequest,
    context: CallContext,
  ): Promise<GetWorkReportReply> {
    const { report, content } = await this.#read(named || defaultNamespace, reportId, context);
    if (content !== undefined) report.sections = jsonPayload(content.sections);
    if (format === ReportFormat.REPORT_FORMAT_UNSPECIFIED) return { report, file: undefined };
    if (content === undefined) throw insightErrors.reportUnfinished({ id: reportId });
    const { bytes, mediaType } = await this.#file(content, format);
    if (bytes.length > fileBytesMax) throw insightErrors.reportTooLarge({ id: reportId });
    return { report, file: { body: { $case: "inline", value: bytes }, mediaType } };
  }

  async list(
    { namespace: named, page }: ListWorkReportsRequest,
    context: CallContext,
  ): Promise<ListWorkReportsReply> {
    const namespace = named || defaultNamespace;
    if (namespace === installationNamespace) return { reports: [], page: { nextToken: "" } };
    const filter = { labels: { exists: [labels.kind] } };
    const request = workflow.ListRunsRequest.fromPartial({ namespace, filter, ...(page && { page }) });
    const { runs, page: next } = await this.#runs.listRuns(request, this.#own(namespace, context));
    const own = runs.filter((run) => this.#parts.agent.isOwn(run) || run.parent?.kind === "schedule");
    return { reports: own.map(reportOf), page: next };
  }

  async remove(
    { namespace: named, reportId: runId }: DeleteWorkReportRequest,
    context: CallContext,
  ): Promise<{ removed: boolean }> {
    const namespace = named || defaultNamespace;
    try {
      await this.#read(namespace, runId, context);
    } catch (thrown) {
      if (insightErrors.reportMissing.is(thrown)) return { removed: false };
      throw thrown;
    }
    const request = { namespace, runId, reason: "its report was deleted" };
    return this.#runs.deleteRun(request, this.#own(namespace, context));
  }

  #own(namespace: string, { signal }: CallContext) {
    return { context: this.#parts.agent.context(namespace, signal) };
  }

  async #schedule(
    namespace: string,
    { schedule: name, cron, timeZone }: CreateWorkReportRequest,
    task: TaskRequest,
    context: CallContext,
  ): Promise<CreateWorkReportReply> {
    const scheduleId = `report-${name}-${digestOf(task.input)}`;
    const schedule = {
      scheduleId,
      description: task.title,
      run: this.#parts.agent.specOf(task),
      policy: { catchUpMs },
      timing: { rules: [{ rule: { $case: "cron" as const, value: cron } }], timeZone },
      labels: { ...task.labels },
    };
    const request = workflow.CreateScheduleRequest.fromPartial({ namespace, schedule });
    await this.#parts.agent.createPool(namespace, context.signal);
    await this.#schedules.createSchedule(request, this.#own(namespace, context));
    return { report: undefined, scheduleId };
  }

  #requireRights(input: ReportInput, namespace: string, isScheduled: boolean, { principal }: CallContext) {
    const { guard } = this.#parts;
    const needed = [
      ...(input.sections.some(({ content }) => content?.$case === "sql")
        ? [{ action: "insight.facts.query", resource: "fact" }]
        : []),
      ...(input.kind === "framework" ? [{ action: "governance.reports.create", resource: "report" }] : []),
      ...(isScheduled ? [{ action: "workflow.schedules.create", resource: "schedule" }] : []),
    ];
    for (const rule of needed) requireRight(guard, principal, rule, namespace);
  }

  async #read(
    namespace: string,
    runId: string,
    context: CallContext,
  ): Promise<{ report: Report; content: ReportContent | undefined }> {
    const request = workflow.GetRunRequest.fromPartial({ namespace, runId });
    const { run } = await this.#runs
      .getRun(request, this.#own(namespace, context))
      .catch((thrown: unknown) => {
        if (errorFromUnknown(thrown).status === "NOT_FOUND") throw insightErrors.reportMissing({ id: runId });
        throw thrown;
      });
    if (run === undefined || !(await this.#isReport(run, context)))
      throw insightErrors.reportMissing({ id: runId });
    const report = reportOf(run);
    const result = run.outcome?.result;
    if (result?.$case === "failed") report.error = result.value;
    const outputs = result?.$case === "completed" ? jsonIn(result.value) : undefined;
    // The cast: the output of the one task of a run that insight executed.
    const content = (outputs as Readonly<Record<string, ReportContent>> | undefined)?.[taskOf(capability)];
    if (content !== undefined)
      report.span = { from: toTimestamp(content.fromMs), to: toTimestamp(content.toMs) };
    return { report, content };
  }

  async #isReport(run: workflow.Run, context: CallContext): Promise<boolean> {
    if (run.spec?.labels[labels.kind] === undefined) return false;
    if (this.#parts.agent.isOwn(run)) return true;
    if (run.parent?.kind !== "schedule") return false;
    const own = this.#own(run.namespace, context);
    const schedule = await this.#scheduleOf(run, own.context);
    // A report outlives its schedule.
    return schedule === undefined ? this.#hasWorked(run, own) : this.#parts.agent.isCreated(schedule);
  }

  async #isScheduled(run: workflow.Run, ending: string, context: CallContext): Promise<boolean> {
    if (run.parent?.kind !== "schedule" || !run.parent.id.endsWith(ending)) return false;
    const schedule = await this.#scheduleOf(run, context);
    return schedule !== undefined && this.#parts.agent.isCreated(schedule);
  }

  /** Undefined if the schedule of a run was deleted. */
  async #scheduleOf({ namespace, parent }: workflow.Run, context: CallContext) {
    try {
      const request = { namespace, scheduleId: parent?.id ?? "" };
      return (await this.#schedules.getSchedule(request, { context })).schedule;
    } catch (thrown) {
      if (errorFromUnknown(thrown).status === "NOT_FOUND") return undefined;
      throw thrown;
    }
  }

  /** Returns whether insight did the only task of a run: it does none of a schedule of callers. */
  async #hasWorked(
    { namespace, runId }: workflow.Run,
    own: { readonly context: CallContext },
  ): Promise<boolean> {
    const request = workflow.ListTasksRequest.fromPartial({ namespace, runId, topOnly: true });
    const { tasks } = await this.#tasks.listTasks(request, own);
    const agents = tasks.map(({ attempts }) => attempts.at(-1)?.agentId ?? "");
    return agents.length === 1 && agents.every((agentId) => agentId.startsWith(agentPrefix));
  }

  async #file(
    content: ReportContent,
    format: ReportFormat,
  ): Promise<{ bytes: Uint8Array; mediaType: string }> {
    switch (format) {
      case ReportFormat.REPORT_FORMAT_MARKDOWN:
        return { bytes: Buffer.from(markdownOf(content)), mediaType: "text/markdown" };
      case ReportFormat.REPORT_FORMAT_CSV:
        return { bytes: Buffer.from(csvOf(content)), mediaType: "text/csv" };
      case ReportFormat.REPORT_FORMAT_PDF:
        return { bytes: await this.#parts.printer.print(htmlOf(content)), mediaType: "application/pdf" };
      default:
        return { bytes: Buffer.from(htmlOf(content)), mediaType: "text/html" };
    }
  }
}

/** Returns the input of the run for a request. Throws if the parts of the request do not fit together. */
export function inputOf(request: CreateWorkReportRequest, namespace: string): ReportInput {
  const kind = kindName(request.kind);
  const { subject, schedule, cron, timeZone, sections } = request;
  const unfit = (problem: string) => insightErrors.reportUnfit({ problem });
  if (namespace === installationNamespace) throw unfit("the namespace `system` has no runs");
  if (kind !== "namespace" && subject === "") throw unfit(`\`subject\`: the name of a ${kind} is required`);
  if (kind === "namespace" && subject !== "") throw unfit("`subject`: a report about a namespace has none");
  if ((schedule === "") !== (cron === "")) throw unfit("`schedule` and `cron` need each other");
  if (schedule === "" && timeZone !== "") throw unfit("`timeZone` needs `schedule` and `cron`");
  return {
    kind,
    subject,
    title: request.title || titleOf(kind, subject, namespace),
    spanMs: request.spanMs || weekMs,
    sections,
  };
}

function titleOf(kind: KindName, subject: string, namespace: string): string {
  return kind === "namespace"
    ? `Namespace ${namespace}`
    : `${kind === "team" ? "Team" : kind === "workflow" ? "Workflow" : "Framework"} ${subject}`;
}

/** Sorts the keys first, because an expression that produced the input may have changed their order. */
function digestOf(input: unknown): string {
  const sorted = (_: string, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value;
  const text = JSON.stringify(input, sorted) ?? "";
  return createHash("sha256").update(text).digest("hex").slice(0, digestLength);
}

function reportOf({ namespace, runId, spec, status, createTime, parent }: workflow.Run): Report {
  const own = spec?.labels ?? {};
  // The cast: a label that is no kind belongs to another run.
  const kind = kindOf[own[labels.kind] as KindName] ?? ReportKind.REPORT_KIND_UNSPECIFIED;
  return Report.fromPartial({
    namespace,
    reportId: runId,
    kind,
    subject: own[labels.subject] ?? "",
    title: own[labels.title] ?? "",
    status,
    createTime,
    scheduleId: parent?.kind === "schedule" ? parent.id : "",
  });
}
