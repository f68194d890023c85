/** Lists compliance frameworks, and prints reports in which each line leads to its evidence. */

import { counted } from "@tutti/kernel";
import type { ComplianceReport, ReportLine } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

const monthMs = 30 * 86_400_000;
const evidenceMax = 3;

export async function listFrameworks(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { frameworks } = await server.call("frameworks.list", { query: server.namespace });
  return {
    json: { frameworks },
    quiet: frameworks.map(({ framework = "" }) => framework),
    draw: () => {
      if (frameworks.length === 0) print.note("No rules with compliance controls yet.");
      else
        print.table(
          [
            { title: "framework", widthMin: 9 },
            { title: "controls", align: "right" },
            { title: "open", align: "right" },
          ],
          frameworks.map(({ framework = "", covered = 0, open = 0 }) => [
            { text: framework, tone: "bold" },
            { text: String(covered) },
            { text: String(open), tone: open > 0 ? "yellow" : "dim" },
          ]),
        );
    },
  };
}

export async function report(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const framework = values.argument("FRAMEWORK");
  const toMs = shell.nowMs();
  const span = { fromMs: toMs - (values.durationMs("within") ?? monthMs), toMs };
  const server = await connect(context);
  const reply = await server.call("reports.create", { query: server.namespace, body: { framework, span } });
  const isCompliant = reply.lines.every(({ kept }) => kept === true);
  const exitCode = isCompliant ? exitCodes.completed : exitCodes.failed;
  if (values.flag("html")) {
    print.line(htmlOf(reply));
    return exitCode;
  }
  return { json: reply, quiet: [reply.reportId ?? ""], draw: () => drawReport(context, reply), exitCode };
}

function drawReport(
  { print }: Context,
  { framework = "", lines, checkpoint = 0, reportId = "" }: ComplianceReport,
): void {
  const { style } = print;
  for (const line of lines) {
    const mark = line.kept === true ? style.green("✓") : style.red("✗");
    print.line(`${mark} ${style.bold(safe(`${framework} ${line.control ?? ""}`))}  ${figures(line)}`);
    for (const { kind = "", id = "", summary = "" } of line.evidence.slice(0, evidenceMax))
      print.line(`    ${style.dim(`${kind} ${safe(id)}`)}  ${safe(summary)}`);
    const more = line.evidence.length - evidenceMax;
    if (more > 0) print.line(style.dim(`    and ${more} more. Show all with --json`));
  }
  print.line(
    style.dim(
      `Report ${safe(reportId)}, proven by checkpoint ${checkpoint}. Show a record: tutti audit show RECORD`,
    ),
  );
}

function figures({ evaluated = 0, violated = 0, handled = 0 }: ReportLine): string {
  return `evaluated ${counted(evaluated, "time")}, violated ${counted(violated, "time")}, ${handled} violations handled`;
}

/** Returns a self-contained page that loads nothing. */
function htmlOf({
  namespace = "",
  framework = "",
  reportId = "",
  checkpoint = 0,
  lines,
  span,
}: ComplianceReport): string {
  const time = (ms: number | undefined) => (ms === undefined ? "" : new Date(ms).toISOString());
  const rows = lines.map(
    (line) =>
      `<tr><td>${escaped(line.control ?? "")}</td><td>${line.kept === true ? "kept" : "not kept"}</td><td>${figures(line)}</td><td><ul>${line.evidence
        .map(
          ({ kind = "", id = "", summary = "", timeMs }) =>
            `<li>${kind} <code>${escaped(id)}</code> ${time(timeMs)} ${escaped(summary)}</li>`,
        )
        .join("")}</ul></td></tr>`,
  );
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    `<title>${escaped(framework)} ${escaped(namespace)}</title>`,
    `<h1>${escaped(framework)} in ${escaped(namespace)}</h1>`,
    `<p>${time(span?.fromMs)} to ${time(span?.toMs)}. Report ${escaped(reportId)}, proven by checkpoint ${checkpoint}</p>`,
    `<table><thead><tr><th>control</th><th></th><th>figures</th><th>evidence</th></tr></thead><tbody>${rows.join("")}</tbody></table></html>`,
  ].join("\n");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
