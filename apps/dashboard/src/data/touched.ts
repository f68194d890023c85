/**
 * What an event of the bus touches of what the page shows, as the first words of keys. An event that touches nothing
 * that is shown costs nothing: only shown queries are asked again.
 */
export function touchedBy(type: string, subject: string): readonly string[] {
  const [, area, thing] = type.split(".");
  if (area === "workflow" && thing === "run")
    return ["runs", "counts", "schedules", "triggers", ...aboutRun(subject)];
  if (area === "workflow" && thing === "task") return aboutRun(subject);
  if (area === "swarm" && thing === "approval") return ["approvals", "missions", ...aboutMission(subject)];
  if (area === "swarm" && (thing === "mission" || thing === "task"))
    return ["missions", "agents", "pools", ...aboutMission(subject)];
  if (area === "swarm" && (thing === "vote" || thing === "budget")) return aboutMission(subject);
  if (thing === "approval") return ["approvals", "runs", "counts", ...aboutRun(subject)];
  if (area === "session") return ["sessions"];
  if (area === "workflow" && thing === "definition") return ["workflows", "workflow"];
  if (area === "workflow" && thing === "schedule") return ["schedules", `schedule ${idIn(subject)}`];
  if (area === "workflow" && thing === "trigger") return ["triggers"];
  if (area === "swarm") return ["agents", "pools"];
  if (area === "platform" || area === "registry" || area === "runtime") return ["status"];
  return [];
}

const aboutRun = (subject: string): readonly string[] => about("run", subject);
const aboutMission = (subject: string): readonly string[] => about("mission", subject);

function about(kind: "run" | "mission", subject: string): readonly string[] {
  const id = idIn(subject);
  return id === "" ? [] : [`${kind} ${id}`];
}

/** Returns the id that a subject ends with, be it alone or behind a path. A task stands behind its run. */
function idIn(subject: string): string {
  const parts = subject.split("/").filter(Boolean);
  const at = parts.findIndex((part) => part === "runs" || part === "missions");
  return (at >= 0 ? parts[at + 1] : parts.at(-1)) ?? "";
}

/** Returns the first two words of a key, as events touch them: `run r1`, `runs`. */
export function keyOf(queryKey: readonly unknown[]): string {
  const [kind, id] = queryKey;
  return typeof id === "string" ? `${String(kind)} ${id}` : String(kind);
}
