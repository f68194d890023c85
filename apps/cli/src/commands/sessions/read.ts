/** Reads sessions: the list, the progress, the plan, and the estimated cost of other modes. */

import { counted } from "@tutti/kernel";
import type { Counterfactual, Performance, Session, SessionTask, WaitCause } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodeOf, exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import { printNumber } from "../../drawing/choices.ts";
import { drawPlan } from "../../drawing/plan.ts";
import { drawRun } from "../../drawing/run-frame.ts";
import { drawError } from "../../follow/end.ts";
import { errorOf } from "../../follow/model.ts";
import { viewOfSession } from "../../follow/session-model.ts";
import type { Server } from "../../server/calls.ts";
import { dashboardUrl } from "../../server/dashboard.ts";
import { connect } from "../../server/server.ts";
import { printShare } from "../../terminal/bar.ts";
import { drawJson } from "../../terminal/json.ts";
import { modeText } from "../../terminal/modes.ts";
import { printLasted, progressOf, startOf } from "../../terminal/progress.ts";
import { displayOf } from "../../terminal/states.ts";
import type { Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs, printMoment } from "../../terminal/time.ts";
import { listed } from "../listing.ts";
import { explanationOutcome, sessionReasons } from "../runs/why.ts";

export function listSessions(context: Context): Promise<Result> {
  const { values } = context;
  const text = values.text("text");
  const states = values.list("state");
  const modes = values.list("mode");
  const labels = Object.entries(values.labels("label")).map(([name, value]) => `${name}=${value}`);
  const query = {
    ...(text === undefined ? {} : { text }),
    // The casts: the parser rejects unknown states and modes.
    ...(states.length === 0 ? {} : { status: states as Session["status"][] }),
    ...(modes.length === 0 ? {} : { mode: modes as NonNullable<Session["effectiveMode"]>[] }),
    ...(labels.length === 0 ? {} : { label: labels }),
    ...(values.flag("waiting") ? { needsPerson: true } : {}),
  };
  return listed(context, {
    name: "sessions",
    fetchPage: async (server, page) => {
      const reply = await server.call("sessions.list", { query: { ...server.namespace, ...query, ...page } });
      return { ...reply, entries: reply.sessions };
    },
    idOf: ({ sessionId }) => sessionId,
    columns: [
      { title: "session", widthMin: 16, yields: 1 },
      { title: "mode", yields: 2 },
      { title: "state" },
      { title: "tasks", align: "right", yields: 3 },
      { title: "started", align: "right", yields: 1 },
      { title: "took", align: "right", yields: 3 },
      { title: "about", yields: 2, widthMin: 12 },
    ],
    row: sessionRow,
    empty: "No sessions yet. Start one: tutti session start FILE",
  });
}

function sessionRow(session: Session, nowMs: number): Entry[] {
  const { sessionId, spec, effectiveMode, tasks } = session;
  const { symbol, tone, words, isEnded } = displayOf(session.status);
  const startMs = startOf(session);
  const error = errorOf(session.outcome);
  return [
    { text: sessionId, tone: isEnded ? "plain" : "bold" },
    { text: modeText(spec?.mode, effectiveMode), tone: "dim" },
    { text: `${symbol} ${words}`, tone },
    { text: progressOf(tasks).text, tone: "dim" },
    { text: startMs === undefined ? "" : printAge(startMs, nowMs), tone: "dim" },
    { text: printLasted(session, nowMs), tone: "dim" },
    { text: error?.message ?? spec?.title ?? "", tone: "dim" },
  ];
}

const pageSize = 1_000;
const tasksMax = 20_000;

async function tasksOf(server: Server, id: string, withPayloads = false): Promise<readonly SessionTask[]> {
  const found: SessionTask[] = [];
  let token: string | undefined;
  do {
    const query = {
      ...server.namespace,
      size: pageSize,
      withPayloads,
      ...(token === undefined ? {} : { token }),
    };
    const reply = await server.call("sessions.tasks", { params: { id }, query });
    found.push(...reply.tasks);
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined && found.length < tasksMax);
  return found;
}

export async function showSession(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const session = await server.call("sessions.get", { params: { id }, query: server.namespace });
  const tasks = values.flag("quiet") ? [] : await tasksOf(server, id);
  return {
    json: { session, tasks },
    quiet: [session.status],
    draw: () => {
      draw(context, session, { tasks, page: dashboardUrl(server, "session", id) });
    },
  };
}

function draw(
  { print, shell }: Context,
  session: Session,
  { tasks, page }: { readonly tasks: readonly SessionTask[]; readonly page: string },
): void {
  const { style } = print;
  const nowMs = shell.nowMs();
  const width = Math.min(print.width, 100);
  print.lines(drawRun(viewOfSession(session, tasks), { style, width, height: 200, nowMs }));
  const { spec, parts, performance, createCause, outcome } = session;
  const startMs = session.startTimeMs ?? session.createTimeMs;
  const by = createCause?.actor;
  const labels = Object.entries(spec?.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  print.line("");
  print.facts([
    [
      "started",
      startMs === undefined ? undefined : `${printMoment(startMs, nowMs)}  ${printAge(startMs, nowMs)}`,
    ],
    ["by", by === undefined ? undefined : `${by.kind} ${by.id}`],
    ["labels", labels.join("  ")],
    ...parts.map((part): readonly [string, Entry] => [
      `part ${part.partId ?? ""}`,
      [
        `${part.mode ?? ""}: ${counted(part.taskCount ?? part.taskIds.length, "task")}, ${displayOf(part.status).words}`,
        part.work === undefined ? "" : `${part.work.kind ?? ""} ${part.work.id}`,
        // The reason of a single part is the reason of the session, which `why` prints.
        parts.length === 1 ? "" : (part.reason ?? ""),
      ]
        .filter((text) => text !== "")
        .join("  "),
    ]),
    ...performanceFacts(performance),
    ["dashboard", page],
  ]);
  if (outcome?.completed !== undefined) print.section("output", outcome.completed);
  const error = errorOf(outcome);
  if (error !== undefined) print.lines(["", style.dim("error"), ...drawError(error, print)]);
}

/** Causes of waiting tasks in words. */
const waitTexts: Readonly<Partial<Record<WaitCause, string>>> = {
  needs: "others",
  paused: "its pause",
  limit: "its own slots",
  start: "an engine",
  behind_others: "the plan",
  child: "its orchestrator",
  busy: "agents",
};

function performanceFacts(performance: Performance | undefined): (readonly [string, Entry | undefined])[] {
  if (performance === undefined) return [];
  const { efficiency = 0, slots = 0, workMs = 0, predicted = 0, predictionError = 0 } = performance;
  const { lateMs = 0, replans = 0, moves = 0 } = performance;
  const waits = performance.waits.map(
    ({ cause = "unspecified", waitedMs = 0 }) =>
      `${waitTexts[cause] ?? cause.replaceAll("_", " ")} ${printDurationMs(waitedMs)}`,
  );
  return [
    [
      "work",
      `${printDurationMs(workMs)} on ${printNumber(slots)} ${slots === 1 ? "slot" : "slots"}, ${printShare(efficiency)} efficient`,
    ],
    ["waited for", waits.join(", ")],
    ["predictions", predicted === 0 ? undefined : `${Math.round((predictionError ?? 0) * 100)} % off`],
    ["plan", planText(lateMs, replans, moves)],
  ];
}

function planText(lateMs: number, replans: number, moves: number): string | undefined {
  const late = lateMs === 0 ? "" : `${printDurationMs(Math.abs(lateMs))} ${lateMs > 0 ? "late" : "early"}`;
  const replanned = replans === 0 ? "" : `replanned ${counted(replans, "time")}`;
  const moved = moves === 0 ? "" : `${counted(moves, "task")} moved`;
  return [late, replanned, moved].filter((text) => text !== "").join(", ") || undefined;
}

export function listSessionTasks(context: Context): Promise<Result> {
  const id = context.values.argument("ID");
  return listed<SessionTask>(context, {
    name: "tasks",
    fetchPage: async (server, page) => {
      const query = { ...server.namespace, ...page };
      const reply = await server.call("sessions.tasks", { params: { id }, query });
      return { ...reply, entries: reply.tasks };
    },
    idOf: ({ spec }) => spec?.id ?? "",
    columns: [
      { title: "task", widthMin: 10 },
      { title: "state" },
      { title: "uses", yields: 2, widthMin: 8 },
      { title: "part", yields: 2 },
      { title: "agent", yields: 1, widthMin: 8 },
      { title: "took", align: "right", yields: 3 },
      { title: "note", yields: 2, widthMin: 12 },
    ],
    row: ({ spec, status, statusReason = "", partId = "", agentId = "", outcome, ...task }, nowMs) => {
      const { symbol, tone, words } = displayOf(status);
      const { startTimeMs, endTimeMs } = task;
      const duration = startTimeMs === undefined ? "" : printDurationMs((endTimeMs ?? nowMs) - startTimeMs);
      return [
        { text: spec?.id ?? "", tone: "bold" },
        { text: `${symbol} ${words}`, tone },
        { text: spec?.capability ?? spec?.workflow?.name ?? spec?.mission?.name ?? "", tone: "dim" },
        { text: partId, tone: "dim" },
        { text: agentId, tone: "dim" },
        { text: duration, tone: "dim" },
        { text: outcome?.failed?.message ?? statusReason, tone: "dim" },
      ];
    },
    empty: "The session has no tasks.",
  });
}

export async function whySession(context: Context): Promise<Result> {
  const { values } = context;
  const task = values.optionalArgument("TASK");
  const server = await connect(context);
  const { explanation, choices } = await sessionReasons(server, values.argument("ID"), task);
  return explanation === undefined ? exitCodes.completed : explanationOutcome(context, explanation, choices);
}

export async function planOfSession(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const number = values.integer("number");
  const server = await connect(context);
  const { plan, count = 0 } = await server.call("sessions.plan", {
    params: { id: values.argument("ID") },
    query: { ...server.namespace, ...(number === undefined ? {} : { number }) },
  });
  return {
    json: { plan, count },
    draw: () => {
      if (plan === undefined) print.note("No plan yet, or the mode needs none.");
      else
        print.lines(
          drawPlan(plan, {
            style: print.style,
            width: Math.min(print.width, 120),
            nowMs: shell.nowMs(),
            count,
          }),
        );
    },
  };
}

export async function compareSession(context: Context): Promise<Result> {
  const { values, print } = context;
  const server = await connect(context);
  const reply = await server.call("sessions.compare", {
    params: { id: values.argument("ID") },
    query: server.namespace,
  });
  return {
    json: reply,
    draw: () => {
      print.table(
        [
          { title: "mode" },
          { title: "time", align: "right" },
          { title: "slots", align: "right" },
          { title: "efficient", align: "right" },
          { title: "money", align: "right" },
          { title: "", yields: 2 },
        ],
        reply.modes.map(counterfactualRow),
      );
      const { trustworthy = false, assumptions = "" } = reply;
      if (assumptions !== "") print.note(print.errorStyle.dim(safe(assumptions)));
      if (!trustworthy)
        print.note(
          print.errorStyle.yellow(
            "The simulation does not match the actual mode. The other modes are rough estimates.",
          ),
        );
    },
  };
}

function counterfactualRow({
  mode = "unspecified",
  real,
  error = 0,
  simulatedUse,
  ...simulated
}: Counterfactual): Entry[] {
  return [
    { text: mode, tone: real === true ? "bold" : "plain" },
    { text: printDurationMs(simulated.simulatedMs ?? 0), tone: "plain" },
    { text: printNumber(simulated.slots ?? 0), tone: "dim" },
    { text: printShare(simulated.efficiency ?? 0), tone: "dim" },
    { text: (simulatedUse?.money ?? 0) === 0 ? "" : printNumber(simulatedUse?.money ?? 0), tone: "dim" },
    { text: real === true ? `actual, simulation ${printNumber(error * 100)} % off` : "", tone: "dim" },
  ];
}

const waitMs = 25_000;

/** Waits for the end, and prints only the outcome. */
export async function resultOfSession(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const id = values.argument("ID");
  const forMs = values.durationMs("timeout") ?? Number.POSITIVE_INFINITY;
  const untilMs = shell.nowMs() + forMs;
  const server = await connect(context);
  for (;;) {
    const remainingMs = Math.max(0, Math.min(waitMs, untilMs - shell.nowMs()));
    const session = await server.call("sessions.result", {
      params: { id },
      query: { ...server.namespace, waitMs: remainingMs },
    });
    const { outcome, status } = session;
    if (outcome === undefined && shell.nowMs() < untilMs) continue;
    return {
      json: outcome ?? { status },
      draw: () => {
        if (outcome?.completed !== undefined) print.lines(drawJson(outcome.completed, print));
        const error = errorOf(outcome);
        if (error !== undefined) print.errorLines(drawError(error, print));
      },
      exitCode: exitCodeOf(status),
    };
  }
}
