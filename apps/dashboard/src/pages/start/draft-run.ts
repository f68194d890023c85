/** The draft of a run, its request, and the equivalent command. */
import type { Routes, Run } from "@tutti/rest/types";
import { type Call, commandLine } from "../../elements/spelled.ts";

export interface RunDraft {
  readonly workflow: string;
  readonly version: string;
  readonly runId: string;
  /** As one line of `name=value` pairs. */
  readonly labels: string;
  readonly pool: string;
  readonly priority: string;
}

export const emptyRun: RunDraft = {
  workflow: "",
  version: "",
  runId: "",
  labels: "",
  pool: "",
  priority: "",
};

/** The draft of a repetition: the request of a run, without its id. */
export function draftLike({ spec }: Pick<Run, "spec">): RunDraft {
  return {
    workflow: spec?.definition?.name ?? "",
    version: "",
    runId: "",
    labels: Object.entries(spec?.labels ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(" "),
    pool: spec?.pool ?? "",
    priority: spec?.priority ? String(spec.priority) : "",
  };
}

export type StartBody = Routes["runs.start"]["body"];

export function startBody(draft: RunDraft, input: unknown, parameters?: unknown): StartBody {
  const labels = labelsOf(draft.labels);
  const priority = Number(draft.priority);
  return {
    ...(draft.runId === "" ? {} : { runId: draft.runId }),
    definition: { name: draft.workflow, ...(draft.version === "" ? {} : { label: draft.version }) },
    ...(input === undefined ? {} : { input }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(draft.pool === "" ? {} : { pool: draft.pool }),
    ...(Number.isInteger(priority) && priority !== 0 ? { priority } : {}),
  };
}

/** The errors of the fields around the input, by field. */
export function runProblems(draft: RunDraft): Readonly<Partial<Record<keyof RunDraft, string>>> {
  const priority = draft.priority.trim();
  const wrongLabel = termsOf(draft.labels).find((each) => !/^[^=]+=.+$/.test(each));
  return {
    ...(draft.workflow === "" ? { workflow: "Select a workflow." } : {}),
    ...(wrongLabel === undefined ? {} : { labels: `Enter labels as name=value, got ${wrongLabel}.` }),
    ...(priority === "" || (/^[+-]?\d+$/.test(priority) && Math.abs(Number(priority)) <= 100)
      ? {}
      : { priority: "Enter a whole number from -100 to 100." }),
  };
}

function labelsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    termsOf(text).flatMap((each) => {
      const [name = "", ...value] = each.split("=");
      return name === "" || value.length === 0 ? [] : [[name, value.join("=")]];
    }),
  );
}

const termsOf = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean);

/** The kinds of work that a definition can be started as. */
export type StartKind = "run" | "mission" | "session";

/** Missions and sessions take a definition with its input. */
export function startCall(kind: StartKind, body: StartBody): Call {
  if (kind === "run") return { method: "POST", path: "/v1/runs", body };
  const { definition, input, parameters } = body;
  const use = {
    definition,
    ...(input === undefined ? {} : { input }),
    ...(parameters === undefined ? {} : { parameters }),
  };
  return { method: "POST", path: `/v1/${kind}s`, body: { definition: use } };
}

export function startCommand(body: StartBody, kind: StartKind = "run"): string {
  const { definition, input, parameters, runId, labels = {}, priority } = body;
  const name = typeof definition === "string" ? definition : (definition?.name ?? "");
  return commandLine(
    "tutti",
    ...(kind === "run" ? ["run"] : [kind, "start"]),
    name,
    ...(input === undefined ? [] : ["--input", JSON.stringify(input)]),
    ...(parameters === undefined ? [] : ["--parameter", JSON.stringify(parameters)]),
    ...(runId === undefined ? [] : ["--id", runId]),
    ...Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]),
    ...(priority === undefined ? [] : ["--priority", String(priority)]),
  );
}
