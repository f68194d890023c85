/** Derives the state of the incident pages: order, filters, texts and possible repairs. */
import type { Incident, IncidentEntry, IncidentRepair, Severity } from "@tutti/rest/types";
import { counted } from "../../elements/moments.ts";
import { jsonOf } from "../../run/json/parse.ts";
import type { GlyphName, Tone } from "../../score/states.ts";
import { type IncidentState, type IncidentsSearch, incidentOrder } from "./search.ts";

const severityOrder: readonly string[] = ["critical", "error", "warning", "info"];

export function severityTone(severity: Severity | undefined): Tone {
  if (severity === "critical" || severity === "error") return "wrong";
  return severity === "warning" ? "held" : "rest";
}

/** Open ones first, then the worst, then the latest. */
export function inOrder(incidents: readonly Incident[]): readonly Incident[] {
  const rank = (order: readonly string[], value: string | undefined) => {
    const place = order.indexOf(value ?? "");
    return place < 0 ? order.length : place;
  };
  return incidents.toSorted(
    (one, other) =>
      rank(incidentOrder, one.status) - rank(incidentOrder, other.status) ||
      (one.status === "resolved"
        ? 0
        : rank(severityOrder, one.severity) - rank(severityOrder, other.severity)) ||
      (other.startTimeMs ?? 0) - (one.startTimeMs ?? 0),
  );
}

/** Text and owner. The state is chosen among what these leave, with its count. */
export function matching(
  incidents: readonly Incident[],
  { text = "", owner }: IncidentsSearch,
  caller: string,
): readonly Incident[] {
  const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
  return incidents.filter((incident) => {
    const { owner: has = "", labels, ruleIds, title, incidentId, severity } = incident;
    if (owner === "none" && has !== "") return false;
    if (owner === "mine" && (has === "" || has !== caller)) return false;
    const searched = [
      ...[title, incidentId, severity, has, ...ruleIds],
      ...labels.map(({ name, value }) => `${name}=${value}`),
    ]
      .join(" ")
      .toLowerCase();
    return terms.every((term) => searched.includes(term));
  });
}

export function countsOf(incidents: readonly Incident[]): readonly (readonly [IncidentState, number])[] {
  return incidentOrder.map((state) => [state, incidents.filter(({ status }) => status === state).length]);
}

/** `3 of 12 alerts firing`, or how many there were. */
export function alertText({ alerts = 0, firing = 0 }: Incident): string {
  if (firing === 0) return counted(alerts, "alert");
  return firing === alerts
    ? `${counted(alerts, "alert")} firing`
    : `${firing} of ${counted(alerts, "alert")} firing`;
}

/** `name=value`, without labels that repeat the rule. */
export function affectedOf({ labels }: Pick<Incident, "labels">): readonly string[] {
  return labels.map(({ name, value }) => `${name}=${value}`);
}

export interface EntryView {
  readonly glyph: GlyphName;
  readonly tone: Tone;
  readonly text: string;
  /** The title of the alert, if the text is not already about it. */
  readonly detail: string;
}

/** A line of the timeline in words. */
export function entryView({ kind, ruleId = "", count = 0, text = "" }: IncidentEntry): EntryView {
  const alerts = counted(Math.max(1, count), "alert");
  switch (kind) {
    case "opened":
      return { glyph: "trill", tone: "wrong", text: `Opened by ${ruleId}`, detail: text };
    case "joined":
      return { glyph: "note", tone: "held", text: `${alerts} of ${ruleId} joined`, detail: text };
    case "ended":
      return { glyph: "breath", tone: "rest", text: `${alerts} of ${ruleId} ended`, detail: text };
    case "mitigated":
      return { glyph: "fermata", tone: "held", text: "All alerts ended", detail: text };
    case "resolved":
      return { glyph: "final", tone: "done", text: "Resolved", detail: text };
    case "reopened":
      return { glyph: "repeat", tone: "wrong", text: `Reopened by ${ruleId}`, detail: text };
    case "owned":
      return { glyph: "attacca", tone: "playing", text: `Owner: ${text}`, detail: "" };
    case "note":
      return { glyph: "chord", tone: "rest", text: "Note", detail: text };
    case "post_mortem":
      return { glyph: "coda", tone: "rest", text: "Post-mortem written", detail: "" };
    default:
      return { glyph: "rest", tone: "rest", text: kind.replaceAll("_", " "), detail: text };
  }
}

/** Runs that are resumed cannot be taken back. */
export function canUndo({ kind }: Pick<IncidentRepair, "kind">): boolean {
  return kind !== "retry" && kind !== "fix";
}

/** Describes the limits of a repair. */
export function repairText({ kind }: Pick<IncidentRepair, "kind">): string {
  switch (kind) {
    case "retry":
      return "Completed tasks keep their results.";
    case "fix":
      return "The task and all that need it run again.";
    case "scale":
      return "The undo restores the bounds of the scaler.";
    case "move":
      return "Running runs continue on another version.";
    case "pause_agent":
      return "It finishes the tasks that it has.";
    case "quarantine_agent":
      return "Other workers get its tasks.";
    default:
      return "Queued tasks wait.";
  }
}

export interface RepairChange {
  readonly body: { readonly agents?: number; readonly taskId?: string; readonly patch?: unknown };
  /** The same on a command line. */
  readonly args: readonly string[];
  readonly problem: string | undefined;
  /** True if the input is complete, so that the repair has a preview. */
  readonly isWhole: boolean;
}

/** Converts the input for a scaling or a fix. */
export function changeOf(
  kind: NonNullable<IncidentRepair["kind"]>,
  { agents, patch, taskId }: { readonly agents: string; readonly patch: string; readonly taskId: string },
): RepairChange {
  const nothing = { body: {}, args: [], problem: undefined, isWhole: true };
  if (kind === "scale") {
    const text = agents.trim();
    if (text === "") return nothing;
    if (!/^[1-9]\d{0,4}$/.test(text))
      return { ...nothing, problem: "Enter a whole number from 1 to 99,999.", isWhole: false };
    return { ...nothing, body: { agents: Number(text) }, args: ["--min", text] };
  }
  if (kind !== "fix") return nothing;
  if (patch.trim() === "") return { ...nothing, isWhole: false };
  const read = jsonOf(patch);
  if ("problem" in read) return { ...nothing, problem: read.problem, isWhole: false };
  const args = [JSON.stringify(read.value), "--task", taskId];
  return { ...nothing, body: { taskId, patch: read.value }, args: args };
}

/** The namespace whose work failed. */
export function namespaceOfWork({ failed, causes, namespace = "" }: Incident): string {
  return failed[0]?.namespace || causes[0]?.examples[0]?.namespace || namespace;
}
