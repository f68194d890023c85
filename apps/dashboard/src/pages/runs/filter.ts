/** Converts the address of the page to the parameters of the call, the command, and the filter of a bulk action. */
import type { RunFilterInput } from "@tutti/rest/types";
import type { Filter } from "../../data/queries.ts";
import { commandLine } from "../../elements/spelled.ts";
import { type RunsSearch, sinceMs } from "./search.ts";

export function parametersOf(search: RunsSearch, nowMs: number): Filter {
  return {
    status: search.status,
    definition: search.workflow,
    text: search.text,
    label: search.label,
    createdFromMs: sinceMs(search.within, nowMs),
    needsPerson: search.person,
    oldestFirst: search.oldest,
  };
}

/** The same for a bulk: `key=value` must be so, a key alone must be there. */
export function bulkFilterOf(search: RunsSearch, nowMs: number): RunFilterInput {
  const since = sinceMs(search.within, nowMs);
  const [key = "", ...value] = (search.label ?? "").split("=");
  return {
    ...(search.status === undefined ? {} : { statuses: search.status as RunFilterInput["statuses"] & {} }),
    ...(search.workflow === undefined ? {} : { definitions: [search.workflow] }),
    ...(search.text === undefined ? {} : { text: search.text }),
    ...(key === ""
      ? {}
      : { labels: value.length > 0 ? { equals: { [key]: value.join("=") } } : { exists: [key] } }),
    ...(since === undefined ? {} : { created: { fromMs: since } }),
    ...(search.person === true ? { needsPerson: true } : {}),
  };
}

/** Returns the options of the command that name the same runs. */
function filterOptions(search: RunsSearch): readonly string[] {
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  return [
    ...(search.status ?? []).flatMap((state) => ["--state", state]),
    ...option("--workflow", search.workflow),
    ...option("--label", search.label),
    ...option("--since", search.within),
    ...option("--text", search.text),
  ];
}

export function listCommand(search: RunsSearch): string {
  return commandLine(
    "tutti",
    "list",
    ...filterOptions(search),
    ...(search.person === true ? ["--waiting"] : []),
  );
}

export type Verb = "cancel" | "retry" | "pause" | "resume" | "terminate" | "move";

/** How runs move to another version. */
export interface Moving {
  readonly version: string;
  /** `old=new` lines. */
  readonly map: string;
  readonly restart: boolean;
}

export const toLatest: Moving = { version: "", map: "", restart: false };

/** Lines that are no `old=new` are left out. */
export function mappingOf({ map }: Moving): Record<string, string> {
  const pairs = map.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    return at < 1 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}

/** A bulk as commands: one for each that is marked, or one for all that the filter names. */
export function bulkCommand(
  verb: Verb,
  marked: readonly string[],
  search: RunsSearch,
  reason: string,
  moving: Moving = toLatest,
): string | undefined {
  if (verb === "move") return moveCommand(marked, search, reason, moving);
  const args = ["tutti", ...(verb === "terminate" ? ["cancel"] : [verb])];
  const options = [
    ...(verb === "terminate" ? ["--now"] : []),
    ...(reason === "" ? [] : ["--reason", reason]),
  ];
  if (marked.length === 0) return commandLine(...args, ...filterOptions(search), ...options);
  if (marked.length > commandsMost) return undefined;
  return marked.map((runId) => commandLine(...args, runId, ...options)).join(" && ");
}

/** Undefined where the runs of several workflows are meant. */
function moveCommand(
  marked: readonly string[],
  { workflow }: RunsSearch,
  reason: string,
  moving: Moving,
): string | undefined {
  if (workflow === undefined) return undefined;
  return commandLine(
    ...["tutti", "workflow", "migrate", workflow],
    ...(moving.version === "" ? [] : ["--to", moving.version]),
    ...marked.flatMap((runId) => ["--run", runId]),
    ...Object.entries(mappingOf(moving)).flatMap(([old, next]) => ["--map", `${old}=${next}`]),
    ...(moving.restart ? ["--restart"] : []),
    ...(reason === "" ? [] : ["--reason", reason]),
  );
}

/** Maximum number of commands in an example. */
const commandsMost = 20;

/** Returns whether anything is filtered at all. */
export function isFiltered({ oldest: _, ...search }: RunsSearch): boolean {
  return Object.keys(search).length > 0;
}
