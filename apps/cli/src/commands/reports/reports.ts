/** Reports about work, requested now or by a schedule, and saved as files. */
import { extname } from "node:path";
import type { Report, Routes } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import { singleChunk } from "../../effects/single-chunk.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { deletedOutcome } from "../outcome.ts";

type Body = Routes["workReports.create"]["body"];
type Kind = NonNullable<Body["kind"]>;
type Format = NonNullable<Routes["workReports.get"]["query"]["format"]>;

const kinds = ["namespace", "team", "workflow", "framework"] as const satisfies readonly Kind[];
const formats: Readonly<Record<string, Format>> = {
  ".html": "html",
  ".pdf": "pdf",
  ".md": "markdown",
  ".csv": "csv",
};

export async function createReport(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const text = values.optionalArgument("KIND") ?? "namespace";
  const kind = kinds.find((candidate) => candidate === text);
  if (kind === undefined) throw usageFailure(`KIND: expected one of ${kinds.join(", ")}.`);
  const file = values.text("sections");
  const [cron, more] = values.texts("cron");
  if (more !== undefined) throw usageFailure("Set --cron once.");
  const idempotencyKey = values.text("idempotency-key");
  const body: Body = {
    kind,
    subject: values.optionalArgument("SUBJECT") ?? "",
    title: values.text("title") ?? "",
    schedule: values.text("schedule") ?? "",
    cron: cron ?? "",
    timeZone: values.text("time-zone") ?? "",
    spanMs: values.durationMs("covers") ?? 0,
    // The cast: the server validates each field of the file.
    ...(file !== undefined && {
      sections: (await readInput([`@${file}`], shell)) as unknown as Body["sections"] & {},
    }),
  };
  const server = await connect(context);
  const reply = await server.call("workReports.create", {
    query: server.namespace,
    body,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
  const { report, scheduleId = "" } = reply;
  const id = report?.reportId ?? scheduleId;
  return {
    json: reply,
    quiet: [id],
    draw: () => {
      const label = report === undefined ? "Schedule created" : "Report started";
      print.line(`${print.style.green("✓")} ${label}: ${safe(id)}`);
    },
  };
}

export async function listReports(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const token = values.text("page");
  const { reports, nextToken } = await server.call("workReports.list", {
    query: { ...server.namespace, size: values.integer("size") ?? 20, ...(token !== undefined && { token }) },
  });
  return {
    json: { reports, ...(nextToken !== undefined && { nextToken }) },
    nextToken,
    quiet: reports.map(({ reportId = "" }) => reportId),
    empty: reports.length === 0 ? "No reports yet. Create one with `tutti report create`." : undefined,
    draw: () =>
      print.table(
        [
          { title: "id", widthMin: 12 },
          { title: "title", yields: 1, widthMin: 12 },
          { title: "status" },
          { title: "created", align: "right" },
        ],
        reports.map(({ reportId = "", title = "", status = "", createTimeMs = 0 }) => [
          { text: reportId, tone: "bold" },
          safe(title),
          status,
          printAge(createTimeMs, shell.nowMs()),
        ]),
      ),
  };
}

export async function showReport(context: Context): Promise<Result> {
  const { print } = context;
  const { report, text } = await fileOf(context, "markdown");
  return {
    json: report ?? {},
    quiet: [report?.reportId ?? ""],
    draw: () => print.line(safeLines(text.trimEnd())),
  };
}

const safeLines = (text: string): string => text.split("\n").map(safe).join("\n");

export async function saveReport(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const name = values.argument("FILE");
  const format = formats[extname(name).toLowerCase()];
  if (format === undefined)
    throw usageFailure(`FILE: expected a name that ends with ${Object.keys(formats).join(", ")}.`);
  const { report, bytes } = await fileOf(context, format);
  await shell.writeBytes(name, singleChunk(bytes));
  return {
    json: { reportId: report?.reportId ?? "", file: name, size: bytes.length },
    quiet: [name],
    draw: () => print.line(`${print.style.green("✓")} ${safe(name)} written, ${bytes.length} bytes`),
  };
}

export async function deleteReport(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const { removed = false } = await server.call("workReports.delete", {
    params: { id },
    query: server.namespace,
  });
  return deletedOutcome(context, { removed }, id);
}

async function fileOf(
  context: Context,
  format: Format,
): Promise<{ report: Report | undefined; bytes: Uint8Array; text: string }> {
  const id = context.values.argument("ID");
  const server = await connect(context);
  const query = { ...server.namespace, format };
  const { report, file } = await server.call("workReports.get", { params: { id }, query });
  // The cast: a file that is not JSON arrives as base64.
  const { $bytes = "" } = (file ?? {}) as { readonly $bytes?: string };
  const bytes = Buffer.from($bytes, "base64");
  return { report, bytes, text: bytes.toString() };
}
