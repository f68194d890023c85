/** Schedules of n8n's trigger nodes. */
import {
  type ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "../foreign-document.ts";
import { nameFrom } from "../imported.ts";

interface Trigger {
  readonly members: Members;
  readonly name: string;
  readonly path: Path;
}

export function addSchedules(source: ForeignDocument, node: Trigger, workflow: string): void {
  const all = listIn(membersIn(membersIn(node.members, "parameters"), "rule"), "interval");
  for (const [index, each] of all.entries()) {
    const path = [...node.path, "parameters", "rule", "interval", index];
    const times = isMembers(each) ? timesOf(each) : undefined;
    const schedule = source.collector.freeName(`${workflow}-${nameFrom(node.name)}`);
    if (times === undefined) {
      source.report(path, `node ${node.name}`, "write a cron expression for its times");
      continue;
    }
    const timeZone = textIn(membersIn(source.root, "settings"), "timezone");
    const isInZone = "cron" in times && timeZone !== "" && timeZone !== "DEFAULT";
    source.collector.add(
      { schedule, workflow, ...times, ...(isInZone && { timeZone }), overlap: "allow" },
      source.lineOf(path),
    );
  }
}

/** Returns the times of a rule. Days and weeks have their default hour: midnight. */
function timesOf(rule: Members): { readonly cron: string } | { readonly every: string } | undefined {
  const field = textIn(rule, "field");
  if (field === "cronExpression") return { cron: textIn(rule, "expression") };
  const count = rule[`${field}Interval`];
  const letter = { seconds: "s", minutes: "m", hours: "h" }[field];
  if (letter !== undefined) return typeof count === "number" ? { every: `${count}${letter}` } : undefined;
  if ((field !== "days" && field !== "weeks") || (count ?? 1) !== 1) return undefined;
  const [minute, hour] = [rule["triggerAtMinute"] ?? 0, rule["triggerAtHour"] ?? 0];
  const days = field === "days" ? ["*"] : listIn(rule, "triggerAtDay");
  if (typeof minute !== "number" || typeof hour !== "number" || days.length === 0) return undefined;
  return { cron: `${minute} ${hour} * * ${days.join()}` };
}
