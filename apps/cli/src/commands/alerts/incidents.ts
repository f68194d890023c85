/** Lists, shows and changes incidents. */
import type { Incident } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import type { Tone } from "../../terminal/style.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printMoment } from "../../terminal/time.ts";
import { listed } from "../listing.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

const everyStatus = ["open", "mitigated", "resolved"] as const;
const causesMax = 5;

export function listIncidents(context: Context): Promise<Result> {
  const filter = context.values.flag("ended") ? { status: [...everyStatus] } : {};
  return listed(context, {
    name: "incidents",
    fetchPage: async (server, page) => {
      const query = { ...server.namespace, ...filter, ...page };
      const { incidents, ...rest } = await server.call("incidents.list", { query });
      return { ...rest, entries: incidents };
    },
    idOf: ({ incidentId = "" }) => incidentId,
    columns: [
      { title: "incident" },
      { title: "status" },
      { title: "alerts", align: "right" },
      { title: "since" },
      { title: "owner", yields: 2, widthMin: 8 },
      { title: "title", yields: 1, widthMin: 16 },
    ],
    row: ({ incidentId = "", status = "", alerts = 0, startTimeMs = 0, owner = "", title = "" }, nowMs) => [
      { text: incidentId, tone: "bold" },
      { text: status, tone: toneOf(status) },
      String(alerts),
      { text: printAge(startTimeMs, nowMs), tone: "dim" },
      { text: owner, tone: "dim" },
      title,
    ],
    empty: "No incidents.",
  });
}

export async function showIncident(context: Context): Promise<Result> {
  const { print, shell } = context;
  const incident = await incidentNamed(context);
  const nowMs = shell.nowMs();
  const { title = "", status = "", timeline, causes, failedCount = 0, failed, advice } = incident;
  return {
    json: incident,
    draw: () => {
      print.line(`${print.style.bold(safe(title))}  ${status}`);
      print.line("");
      print.facts([
        ["incident", incident.incidentId],
        ["severity", incident.severity],
        ["owner", incident.owner],
        ["since", printMoment(incident.startTimeMs ?? 0, nowMs)],
        ["ended", incident.endTimeMs === undefined ? undefined : printMoment(incident.endTimeMs, nowMs)],
        ["alerts", `${incident.alerts ?? 0}, ${incident.firing ?? 0} of them not over`],
        ["rules", incident.ruleIds.join(", ")],
        [
          "failed",
          failedCount === 0 ? "" : `${failedCount} runs and missions, such as ${failed[0]?.id ?? ""}`,
        ],
        ["resolution", incident.resolution],
        ["problem", incident.problem],
      ]);
      if (causes.length > 0) print.line("\nprobable causes");
      for (const { summary = "", likelihood = 0, evidence } of causes.slice(0, causesMax)) {
        print.line(`  ${String(Math.round(likelihood * 100)).padStart(3)} %  ${safe(summary)}`);
        for (const line of evidence) print.line(`         ${safe(line)}`);
      }
      if (advice.length > 0) print.line("\nadvice");
      for (const line of advice) print.line(`  ${safe(line)}`);
      print.line("\ntimeline");
      for (const { timeMs = 0, kind = "", ruleId = "", count = 0, text = "", cause } of timeline) {
        const about = [count > 1 ? `${count} of ${ruleId}` : "", text, cause?.actor?.id ?? ""].filter(
          Boolean,
        );
        print.line(
          `  ${printMoment(timeMs, nowMs)}  ${kind.replaceAll("_", " ")}  ${safe(about.join(", "))}`,
        );
      }
    },
  };
}

export function ownIncident(context: Context): Promise<Result> {
  const owner = context.values.argument("OWNER");
  return changed(context, { owner }, `belongs to ${safe(owner)}`);
}

export function noteIncident(context: Context): Promise<Result> {
  return changed(context, { note: context.values.argument("TEXT") }, "has the note");
}

export function resolveIncident(context: Context): Promise<Result> {
  return changed(context, { resolution: context.values.argument("TEXT") }, "is resolved");
}

export async function postMortem(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const file = values.optionalArgument("FILE");
  if (file !== undefined)
    return changed(context, { postMortem: await shell.readText(file) }, "has the post-mortem");
  const { postMortem: text = "", draft } = await incidentNamed(context);
  return {
    json: { postMortem: text, draft: draft === true },
    draw: () => {
      for (const line of text.split("\n")) print.line(safe(line));
    },
  };
}

async function incidentNamed(context: Context): Promise<Incident> {
  const server = await connect(context);
  const params = { id: context.values.argument("ID") };
  return await server.call("incidents.get", { params, query: server.namespace });
}

async function changed(
  context: Context,
  change: Readonly<Record<string, string>>,
  done: string,
): Promise<Result> {
  const id = context.values.argument("ID");
  const server = await connect(context);
  const body = { ...change, ...reasonOf(context) };
  const reply = await server.call("incidents.update", { params: { id }, query: server.namespace, body });
  return doneOutcome(context, reply, { id, line: `${safe(id)} ${done}` });
}

function toneOf(status: string): Tone {
  if (status === "open") return "red";
  return status === "mitigated" ? "yellow" : "dim";
}
