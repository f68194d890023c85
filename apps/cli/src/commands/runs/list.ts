import { counted, nearest } from "@tutti/kernel";
import type { Mission, Run, Session } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { errorOf } from "../../follow/model.ts";
import type { Server } from "../../server/calls.ts";
import { runQuery } from "../../server/filters.ts";
import { namespaceOption, unknownNamespace } from "../../server/namespaces.ts";
import { listPages } from "../../server/pages.ts";
import { questionsOfRuns } from "../../server/questions.ts";
import { connect } from "../../server/server.ts";
import { modeText } from "../../terminal/modes.ts";
import { printLasted, progressOf, startOf } from "../../terminal/progress.ts";
import { displayOf, runDisplayOf } from "../../terminal/states.ts";
import type { Column, Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";

/** Lists runs, with the missions and sessions that started in the same time. */
export async function list(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const query = { ...runQuery(context), ...(values.flag("waiting") ? { needsPerson: true } : {}) };
  const { token, beforeMs } = placeOf(values.text("page"));
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("runs.list", { query: { ...server.namespace, ...query, ...page } }),
    ({ runs }) => runs,
    token,
  );
  const sinceMs = nextToken === undefined ? undefined : entries.at(-1)?.createTimeMs;
  const range = { sinceMs, beforeMs };
  const [{ missions, isMore }, { sessions, areMore }, inboxes] = await Promise.all([
    missionsOf(context, server, query, range),
    sessionsOf(context, server, query, range),
    inboxesOf(server, entries),
  ]);
  const next = nextToken === undefined ? undefined : tokenOf(nextToken, sinceMs);
  const isEmpty = entries.length + missions.length + sessions.length === 0;
  const unknown = isEmpty ? await unknownWorkflow(server, values.list("workflow")) : undefined;
  return {
    json: { runs: entries, missions, sessions },
    nextToken: next,
    quiet: [
      ...entries.map(({ runId }) => runId),
      ...missions.map(({ missionId }) => missionId),
      ...sessions.map(({ sessionId }) => sessionId),
    ],
    empty: isEmpty
      ? (unknown ?? (await emptyText(context, server, Object.keys(query).length > 0)))
      : undefined,
    draw: () => {
      const nowMs = shell.nowMs();
      const started = [
        ...entries.map((run) => ({ atMs: run.createTimeMs ?? 0, row: runRow(run, nowMs, inboxes) })),
        ...missions.map((mission) => ({ atMs: mission.createTimeMs ?? 0, row: missionRow(mission, nowMs) })),
        ...sessions.map((session) => ({ atMs: session.createTimeMs ?? 0, row: sessionRow(session, nowMs) })),
      ];
      print.table(
        runColumns,
        started.sort((one, other) => other.atMs - one.atMs).map(({ row }) => row),
      );
      const idle = entries.find((run) => idleText(run) !== "");
      if (idle !== undefined)
        print.note(print.errorStyle.dim(`Why a run waits: tutti why ${safe(idle.runId)}`));
      if (isMore) print.note(print.errorStyle.dim("More missions: tutti mission list"));
      if (areMore) print.note(print.errorStyle.dim("More sessions: tutti session list"));
    },
  };
}

const comparedMax = 500;

/** Returns the hint for a filter by an unregistered workflow, most likely a typing error. */
export async function unknownWorkflow(
  server: Pick<Server, "call" | "namespace">,
  names: readonly string[],
): Promise<string | undefined> {
  if (names.length === 0) return undefined;
  const { definitions } = await server.call("workflows.list", {
    query: { ...server.namespace, size: comparedMax },
  });
  const known = definitions.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined || known.length >= comparedMax) return undefined;
  const meant = nearest(unknown, known);
  const hint = meant === undefined ? "List workflows: tutti workflow list" : `Did you mean \`${meant}\`?`;
  return `Workflow \`${safe(unknown)}\` not found. ${hint}`;
}

const othersMax = 500;

interface TimeRange {
  readonly sinceMs: number | undefined;
  readonly beforeMs: number | undefined;
}

type ListQuery = ReturnType<typeof runQuery> & { readonly needsPerson?: boolean };

/** Returns the same filters for missions and sessions. Undefined for an error code, which only runs have. */
function othersQuery(
  { values }: Context,
  { errorCode, ...query }: ListQuery,
  { sinceMs, beforeMs }: TimeRange,
) {
  if (errorCode !== undefined) return undefined;
  const fromMs = Math.max(query.createdFromMs ?? 0, sinceMs ?? 0);
  const toMs = Math.min(query.createdToMs ?? Number.POSITIVE_INFINITY, beforeMs ?? Number.POSITIVE_INFINITY);
  const size = values.flag("all") ? othersMax : (values.integer("size") ?? othersMax);
  return {
    ...query,
    size,
    ...(fromMs > 0 ? { createdFromMs: fromMs } : {}),
    ...(Number.isFinite(toMs) ? { createdToMs: toMs } : {}),
  };
}

async function missionsOf(
  context: Context,
  server: Server,
  listQuery: ListQuery,
  range: TimeRange,
): Promise<{ readonly missions: readonly Mission[]; readonly isMore: boolean }> {
  const query = othersQuery(context, listQuery, range);
  if (query === undefined) return { missions: [], isMore: false };
  const { missions, nextToken = "" } = await server.call("missions.list", {
    query: { ...server.namespace, ...query },
  });
  return { missions, isMore: nextToken !== "" };
}

/** Lists sessions. Empty with a filter by workflow, because sessions have none. */
async function sessionsOf(
  context: Context,
  server: Server,
  listQuery: ListQuery,
  range: TimeRange,
): Promise<{ readonly sessions: readonly Session[]; readonly areMore: boolean }> {
  const { definition, ...query } = othersQuery(context, listQuery, range) ?? { definition: [] };
  if (definition !== undefined) return { sessions: [], areMore: false };
  const { sessions, nextToken = "" } = await server.call("sessions.list", {
    query: { ...server.namespace, ...query },
  });
  return { sessions, areMore: nextToken !== "" };
}

/** Parses the page: the token of the next runs, and the time before which the next missions and sessions started. */
function placeOf(page: string | undefined): {
  readonly token: string | undefined;
  readonly beforeMs: number | undefined;
} {
  const [, token = page, beforeMs] = /^(.*)~(\d+(?:\.\d+)?)$/.exec(page ?? "") ?? [];
  return { token, beforeMs: beforeMs === undefined ? undefined : Number(beforeMs) };
}

function tokenOf(token: string, sinceMs: number | undefined): string {
  return sinceMs === undefined ? token : `${token}~${sinceMs}`;
}

async function emptyText(context: Context, server: Server, isFiltered: boolean): Promise<string> {
  const { namespace } = server.namespace;
  const within = namespaceOption(context);
  if (isFiltered) return `No runs match. Without filters: tutti list${within}`;
  const suffix = namespace === undefined ? "" : ` in the namespace \`${safe(namespace)}\``;
  const unknown = await unknownNamespace(server);
  if (unknown !== undefined) return `No runs. ${unknown}`;
  return `No runs yet${suffix}. Start one: tutti run FILE${within}. List workflows: tutti workflow list${within}`;
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

/** Inboxes in which tasks of runs wait for a person, by run. */
type Inboxes = ReadonlyMap<string, string>;

/** Returns the inboxes of running runs. Without permission for approvals, returns none. */
async function inboxesOf(server: Server, runs: readonly Run[]): Promise<Inboxes> {
  if (!runs.some(({ status }) => status === "running")) return new Map();
  const open = await questionsOfRuns(server, undefined).catch(() => []);
  return new Map(
    open.flatMap(({ inboxTask }) =>
      inboxTask?.about?.kind === "run" ? [[inboxTask.about.id, inboxTask.inbox ?? ""] as const] : [],
    ),
  );
}

export function runRow(run: Run, nowMs: number, inboxes: Inboxes = new Map()): Entry[] {
  const { symbol, tone, words, isEnded } = runDisplayOf(run.status, run.tasks);
  const startMs = startOf(run);
  return [
    { text: run.runId, tone: isEnded ? "plain" : "bold" },
    { text: run.spec?.definition?.name ?? "", tone: "dim" },
    { text: `${symbol} ${words}`, tone },
    { text: progressOf(run.tasks).text, tone: "dim" },
    { text: startMs === undefined ? "" : printAge(startMs, nowMs), tone: "dim" },
    { text: printLasted(run, nowMs), tone: "dim" },
    noteOf(run, inboxes.get(run.runId)),
  ];
}

/** Returns the row of a mission in the list of runs. */
function missionRow(mission: Mission, nowMs: number): Entry[] {
  const { missionId, spec, definition = "", status, outcome, openApprovals = 0 } = mission;
  const { symbol, tone, words, isEnded } = displayOf(status);
  const startMs = startOf(mission);
  const error = outcome?.failed ?? outcome?.terminated;
  return [
    { text: missionId, tone: isEnded ? "plain" : "bold" },
    { text: definition || `mission ${spec?.title ?? ""}`.trimEnd(), tone: "dim" },
    { text: `${symbol} ${words}`, tone },
    { text: "", tone: "dim" },
    { text: startMs === undefined ? "" : printAge(startMs, nowMs), tone: "dim" },
    { text: printLasted(mission, nowMs), tone: "dim" },
    openApprovals > 0
      ? { text: "waits for approval", tone: "magenta" }
      : { text: error?.message ?? error?.code ?? "", tone: "dim" },
  ];
}

/** Returns the row of a session in the list of runs. */
function sessionRow(session: Session, nowMs: number): Entry[] {
  const { sessionId, spec, effectiveMode, tasks, openApprovals = 0 } = session;
  const { symbol, tone, words, isEnded } = displayOf(session.status);
  const startMs = startOf(session);
  const mode = modeText(spec?.mode, effectiveMode);
  return [
    { text: sessionId, tone: isEnded ? "plain" : "bold" },
    { text: `session ${spec?.title ?? ""}`.trimEnd(), tone: "dim" },
    { text: `${symbol} ${words}`, tone },
    { text: progressOf(tasks).text, tone: "dim" },
    { text: startMs === undefined ? "" : printAge(startMs, nowMs), tone: "dim" },
    { text: printLasted(session, nowMs), tone: "dim" },
    openApprovals > 0
      ? { text: "waits for approval", tone: "magenta" }
      : { text: errorOf(session.outcome)?.message ?? mode, tone: "dim" },
  ];
}

function noteOf(run: Run, inbox: string | undefined): Entry {
  if ((run.openApprovals ?? 0) > 0) return { text: "waits for approval", tone: "magenta" };
  if (inbox !== undefined) return { text: `waits in the inbox ${inbox}`, tone: "magenta" };
  const error = run.outcome?.failed ?? run.outcome?.terminated;
  if (error !== undefined) return { text: error.message ?? error.code ?? "", tone: "dim" };
  return run.statusReason ? { text: run.statusReason, tone: "dim" } : { text: idleText(run), tone: "yellow" };
}

const idleStates = ["queued", "held", "waiting", "retrying", "paused"] as const;

/** Returns the open tasks of a run without a running task: `1 task queued`. Empty for other runs. */
export function idleText({ status, tasks = {} }: Pick<Run, "status" | "tasks">): string {
  if (displayOf(status).isEnded || (tasks.running ?? 0) > 0 || (tasks.compensating ?? 0) > 0) return "";
  const open = idleStates.filter((state) => (tasks[state] ?? 0) > 0);
  // These are states of tasks: `--state` filters by the state of the run.
  return open
    .map((state, index) => {
      const count = tasks[state] ?? 0;
      return `${index === 0 ? counted(count, "task") : count} ${displayOf(state).words}`;
    })
    .join(", ");
}
