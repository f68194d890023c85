/** Which events of a history are shown. */
import { type EventFacts, eventText, subjectOf } from "@tutti/rest/history";

export type Part = "run" | "tasks" | "people" | "errors";

/** Group of a history event, for a filter. */
export function partsOf(event: EventFacts): ReadonlySet<Part> {
  const parts = new Set<Part>();
  parts.add(event.task === "" ? "run" : "tasks");
  if (event.actor?.kind === "person" || /^approval_|^signal_received|_repaired$/.test(event.type))
    parts.add("people");
  if (event.details["error"] !== undefined || /failed|returned/.test(event.type)) parts.add("errors");
  return parts;
}

export interface Filter {
  /** Empty: everything. */
  readonly part: Part | "";
  /** In the words, the type, or the details, ignoring case. */
  readonly text: string;
  /** Only this task, with its parts. Empty: all. */
  readonly task: string;
}

export function filtered(
  events: readonly EventFacts[],
  { part, text: filterText, task }: Filter,
): readonly EventFacts[] {
  const low = filterText.trim().toLowerCase();
  if (part === "" && low === "" && task === "") return events;
  return events.filter(
    (event) =>
      (part === "" || partsOf(event).has(part)) &&
      (task === "" || isOf(event.task, task)) &&
      (low === "" || searched(event).includes(low)),
  );
}

function isOf(id: string, task: string): boolean {
  return id === task || id.startsWith(`${task}[`) || id.startsWith(`${task}#`);
}

function searched(event: EventFacts): string {
  return `${event.number} ${event.type} ${subjectOf(event)} ${eventText(event)} ${JSON.stringify(event.details)}`.toLowerCase();
}
