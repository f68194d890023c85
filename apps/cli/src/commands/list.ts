import type { Run } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { runQuery } from "../server/filters.ts";
import { listPages, tellMore } from "../server/pages.ts";
import { connect } from "../server/server.ts";
import { lookOf } from "../terminal/states.ts";
import type { Column, Entry } from "../terminal/table.ts";
import { printAge, printDurationMs } from "../terminal/time.ts";

export async function list(context: Context): Promise<number> {
  const { values, print, shell } = context;
  const query = { ...runQuery(context), ...(values.flag("waiting") ? { needsPerson: true } : {}) };
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("runs.list", { query: { ...server.namespace, ...query, ...page } }),
    ({ runs }) => runs,
  );
  if (print.isJson) print.json({ runs: entries, ...(nextToken === undefined ? {} : { nextToken }) });
  else if (print.isQuiet) print.lines(entries.map(({ runId }) => runId));
  else if (entries.length === 0) print.note(emptyWords(Object.keys(query).length > 0));
  else {
    print.table(
      runColumns,
      entries.map((run) => runRow(run, shell.nowMs())),
    );
    tellMore(context, nextToken);
  }
  return exitCodes.completed;
}

function emptyWords(isFiltered: boolean): string {
  return isFiltered
    ? "No run is like that. Without filters: tutti list"
    : "No runs yet. Start one: tutti run FILE, or see what is registered: tutti workflow list";
}

export const runColumns: readonly Column[] = [
  { title: "run", widthMin: 16, yields: 1 },
  { title: "workflow", widthMin: 8, yields: 2 },
  { title: "state" },
  { title: "tasks", align: "right", yields: 3 },
  { title: "started", align: "right", yields: 1 },
  { title: "took", align: "right", yields: 3 },
  { title: "note", yields: 2, widthMin: 12 },
];

export function runRow(run: Run, nowMs: number): Entry[] {
  const { symbol, tone, words, isEnded } = lookOf(run.status);
  const startMs = run.startTimeMs ?? run.createTimeMs;
  const took = startMs === undefined ? "" : printDurationMs((run.endTimeMs ?? nowMs) - startMs);
  const { completed = 0, skipped = 0, total = 0 } = run.tasks ?? {};
  return [
    { text: run.runId, tone: isEnded ? "plain" : "bold" },
    { text: run.spec?.definition?.name ?? "", tone: "dim" },
    { text: `${symbol} ${words}`, tone },
    { text: total === 0 ? "" : `${completed + skipped}/${total}`, tone: "dim" },
    { text: startMs === undefined ? "" : printAge(startMs, nowMs), tone: "dim" },
    { text: took, tone: "dim" },
    noteOf(run),
  ];
}

function noteOf(run: Run): Entry {
  if ((run.openApprovals ?? 0) > 0) return { text: "waits for a person", tone: "magenta" };
  const error = run.outcome?.failed ?? run.outcome?.terminated;
  if (error !== undefined) return { text: error.message ?? error.code ?? "", tone: "dim" };
  return { text: run.statusReason ?? "", tone: "dim" };
}
