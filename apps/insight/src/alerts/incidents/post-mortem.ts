/** A draft of a post-mortem: known facts, and headings for the parts that only people know. */
import { type Incident, IncidentEntryKind } from "@tutti/contracts/insight/v1";
import { fromTimestamp, utcOf } from "@tutti/kernel";

const entryNames: Readonly<Record<number, string>> = {
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_OPENED]: "Opened",
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_JOINED]: "Alerts joined",
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_ENDED]: "Alerts ended",
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_MITIGATED]: "All alerts ended",
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_RESOLVED]: "Resolved",
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_REOPENED]: "Reopened",
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_OWNED]: "Owner",
  [IncidentEntryKind.INCIDENT_ENTRY_KIND_NOTE]: "Note",
};

type DraftSource = Pick<
  Incident,
  | ("incidentId" | "title" | "owner" | "startTime" | "endTime" | "alerts" | "ruleIds" | "resolution")
  | ("timeline" | "causes" | "failedCount" | "failed" | "advice")
>;

export function draftOf(incident: DraftSource): string {
  const { title, incidentId, owner, startTime, endTime, alerts, ruleIds, resolution } = incident;
  const lasting = startTime !== undefined && endTime !== undefined;
  const minutes = lasting ? (fromTimestamp(endTime) - fromTimestamp(startTime)) / 60_000 : 0;
  const lines = (all: readonly string[], emptyText: string) =>
    all.length === 0 ? [emptyText] : all.map((line) => `- ${line}`);
  return [
    ...[`# ${oneLine(title)}`, ""],
    ...lines(
      [
        `Incident: ${incidentId}`,
        `Owner: ${owner || "none"}`,
        `Start: ${timeOf(startTime)}`,
        `End: ${endTime === undefined ? "not over" : `${timeOf(endTime)}, after ${minutes.toFixed(1)} minutes`}`,
        `Alerts: ${alerts} of ${ruleIds.join(", ")}`,
      ],
      "",
    ),
    ...["", "## Impact", "", ...impactOf(incident)],
    ...["", "## Timeline", "", ...lines(incident.timeline.map(entryOf), "Nothing recorded.")],
    ...["", "## Probable causes", "", ...lines(incident.causes.map(causeOf), "None found in recorded work.")],
    ...["", "## Resolution", "", resolution || "Not resolved."],
    ...["", "## What to improve", "", ...lines(incident.advice.map(oneLine), "To be written."), ""],
  ].join("\n");
}

function impactOf({ failedCount, failed }: DraftSource): string[] {
  if (failedCount === 0) return ["No run or mission of this time is failed now."];
  const some = failed.slice(0, 10).map(({ kind, id }) => `\`${kind}/${id}\``);
  return [`${failedCount} runs and missions of this time are failed now, the latest: ${some.join(", ")}.`];
}

function entryOf({ time, kind, ruleId, count, text, cause }: DraftSource["timeline"][number]): string {
  const many = count > 1 ? `${count} ` : "";
  const author = cause?.actor?.id === undefined ? "" : ` (${cause.actor.id})`;
  const about = [many === "" ? "" : `${many}of ${ruleId}`, oneLine(text)].filter(Boolean).join(", ");
  return `${timeOf(time)} ${entryNames[kind] ?? "Post-mortem written"}${about === "" ? "" : `: ${about}`}${author}`;
}

function causeOf({ summary, likelihood, evidence }: DraftSource["causes"][number]): string {
  return `${summary} Likelihood ${(likelihood * 100).toFixed(0)} %. ${evidence.join(" ")}`;
}

/** Removes line breaks, so that a title cannot add headings or lists. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function timeOf(time: DraftSource["startTime"]): string {
  return time === undefined ? "" : utcOf(fromTimestamp(time));
}
