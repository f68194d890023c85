/** Reads missions, and the data that agents share in them. */

import type { BoardTask, MessageTarget, Mission, Vote } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { dashboardUrl } from "../../server/dashboard.ts";
import { connect } from "../../server/server.ts";
import { printLasted, progressOf, startOf } from "../../terminal/progress.ts";
import { displayOf } from "../../terminal/states.ts";
import { toned } from "../../terminal/style.ts";
import type { Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { listed } from "../listing.ts";
import { explanationOutcome } from "../runs/why.ts";

export function listMissions(context: Context): Promise<Result> {
  const { values } = context;
  const text = values.text("text");
  const states = values.texts("state").flatMap((text) => text.split(","));
  const query = {
    ...(text === undefined ? {} : { text }),
    // The platform rejects an unknown state.
    ...(states.length === 0 ? {} : { status: states as Mission["status"][] }),
    ...(values.flag("waiting") ? { needsPerson: true } : {}),
  };
  return listed(context, {
    name: "missions",
    fetchPage: async (server, page) => {
      const reply = await server.call("missions.list", { query: { ...server.namespace, ...query, ...page } });
      return { ...reply, entries: reply.missions };
    },
    idOf: ({ missionId }) => missionId,
    columns: [
      { title: "mission", widthMin: 16, yields: 1 },
      { title: "state" },
      { title: "started", align: "right", yields: 1 },
      { title: "took", align: "right", yields: 3 },
      { title: "about", yields: 2, widthMin: 12 },
    ],
    row: missionRow,
    empty: "No missions yet. Start one: tutti mission start --goal TEXT --add-task ID=CAPABILITY",
  });
}

function missionRow({ missionId, status, ...mission }: Mission, nowMs: number): Entry[] {
  const { symbol, tone, words, isEnded } = displayOf(status);
  const startMs = startOf(mission);
  return [
    { text: missionId, tone: isEnded ? "plain" : "bold" },
    { text: `${symbol} ${words}`, tone },
    { text: startMs === undefined ? "" : printAge(startMs, nowMs), tone: "dim" },
    { text: printLasted(mission, nowMs), tone: "dim" },
    { text: mission.spec?.title || (mission.definition ?? ""), tone: "dim" },
  ];
}

export async function showMission(context: Context): Promise<Result> {
  const { values, shell } = context;
  const server = await connect(context);
  const id = values.argument("ID");
  const mission = await server.call("missions.get", { params: { id }, query: server.namespace });
  return {
    json: mission,
    draw: () => {
      drawMission(context, mission, { nowMs: shell.nowMs(), page: dashboardUrl(server, "mission", id) });
    },
  };
}

function drawMission(
  { print }: Context,
  mission: Mission,
  { nowMs, page }: { readonly nowMs: number; readonly page: string },
): void {
  const { style } = print;
  const { symbol, tone, words } = displayOf(mission.status);
  const { missionId, statusReason = "", spec, tasks, participants, leader, budget, trouble } = mission;
  const state = toned(style, tone, `${symbol} ${words}`);
  print.line(`${style.bold(safe(missionId))}  ${state}  ${style.dim(safe(statusReason))}`.trimEnd());
  print.line("");
  const { done, total } = progressOf(tasks);
  const { failed = 0, running = 0 } = tasks ?? {};
  const error = mission.outcome?.failed ?? mission.outcome?.terminated ?? mission.outcome?.cancelled;
  print.facts([
    ["title", spec?.title],
    ["goal", spec?.goal],
    ["tasks", `${done} of ${total} done, ${running} running, ${failed} failed`],
    [
      "agents",
      participants
        .map(({ agentId, role = "" }) => (role === "" ? agentId : `${agentId} (${role})`))
        .join(", "),
    ],
    ["leader", leader],
    ["budget", budgetText(budget)],
    ["problem", trouble],
    ["questions", (mission.openApprovals ?? 0) === 0 ? undefined : String(mission.openApprovals)],
    ["started", mission.createTimeMs === undefined ? undefined : printAge(mission.createTimeMs, nowMs)],
    ["error", error?.message],
    ["output", printed(mission.outcome?.completed)],
    ["dashboard", page],
  ]);
}

function budgetText(budget: Mission["budget"]): string | undefined {
  if (budget === undefined) return undefined;
  const parts = (["tokens", "money", "timeMs"] as const).flatMap((name) => {
    const limit = budget.limit?.[name] ?? 0;
    const spent = budget.spent?.[name] ?? 0;
    const reserved = budget.reserved?.[name] ?? 0;
    if (limit + spent + reserved === 0) return [];
    const of = limit === 0 ? "without limit" : `of ${limit}`;
    return [`${name === "timeMs" ? "ms" : name}: ${spent} spent, ${reserved} reserved, ${of}`];
  });
  return parts.length === 0 ? undefined : parts.join("; ");
}

function printed(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

export function listTasks(context: Context): Promise<Result> {
  const id = context.values.argument("ID");
  return listed<BoardTask>(context, {
    name: "tasks",
    fetchPage: async (server, page) => {
      const query = { ...server.namespace, ...page };
      const reply = await server.call("missions.tasks", { params: { id }, query });
      return { ...reply, entries: reply.tasks };
    },
    idOf: ({ spec }) => spec?.id ?? "",
    columns: [
      { title: "task", widthMin: 10 },
      { title: "state" },
      { title: "uses", yields: 2, widthMin: 8 },
      { title: "agent", yields: 1, widthMin: 8 },
      { title: "took", align: "right", yields: 3 },
      { title: "note", yields: 2, widthMin: 12 },
    ],
    row: ({ spec, status, statusReason = "", claim, startTimeMs, endTimeMs, outcome }, nowMs) => {
      const { symbol, tone, words } = displayOf(status);
      const duration = startTimeMs === undefined ? "" : printDurationMs((endTimeMs ?? nowMs) - startTimeMs);
      const uses = spec?.capability ?? spec?.workflow?.name ?? spec?.mission?.name ?? "";
      return [
        { text: spec?.id ?? "", tone: "bold" },
        { text: `${symbol} ${words}`, tone },
        { text: uses, tone: "dim" },
        { text: claim?.agentId ?? "", tone: "dim" },
        { text: duration, tone: "dim" },
        { text: outcome?.failed?.message ?? statusReason, tone: "dim" },
      ];
    },
    empty: "The mission has no tasks.",
  });
}

export function listBoard(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const prefix = values.optionalArgument("PREFIX");
  return listed(context, {
    name: "entries",
    fetchPage: async (server, page) => {
      const query = { ...server.namespace, ...(prefix === undefined ? {} : { prefix }), ...page };
      const reply = await server.call("missions.board", { params: { id }, query });
      return { ...reply, entries: reply.entries };
    },
    idOf: ({ key }) => key,
    columns: [
      { title: "key", widthMin: 8 },
      { title: "version", align: "right" },
      { title: "author", yields: 2, widthMin: 8 },
      { title: "changed", align: "right", yields: 3 },
      { title: "value", yields: 1, widthMin: 12 },
    ],
    row: ({ key, version = 0, updateCause, updateTimeMs, value }, nowMs) => [
      { text: key, tone: "bold" },
      { text: String(version), tone: "dim" },
      { text: updateCause?.actor?.id ?? "", tone: "dim" },
      { text: updateTimeMs === undefined ? "" : printAge(updateTimeMs, nowMs), tone: "dim" },
      { text: printed(value) ?? "", tone: "plain" },
    ],
    empty: "No blackboard entries.",
  });
}

export function listMessages(context: Context): Promise<Result> {
  const id = context.values.argument("ID");
  return listed(context, {
    name: "messages",
    fetchPage: async (server, page) => {
      const reply = await server.call("missions.messages", {
        params: { id },
        query: { ...server.namespace, ...page },
      });
      return { ...reply, entries: reply.messages };
    },
    idOf: ({ number = 0 }) => String(number),
    columns: [
      { title: "number", align: "right" },
      { title: "from", yields: 1, widthMin: 8 },
      { title: "to", yields: 1, widthMin: 8 },
      { title: "sent", align: "right", yields: 3 },
      { title: "body", yields: 2, widthMin: 12 },
    ],
    row: ({ number = 0, sender, to, sendTimeMs, body }, nowMs) => [
      { text: String(number), tone: "dim" },
      { text: sender?.id ?? "", tone: "bold" },
      { text: targetText(to), tone: "dim" },
      { text: sendTimeMs === undefined ? "" : printAge(sendTimeMs, nowMs), tone: "dim" },
      { text: printed(body) ?? "", tone: "plain" },
    ],
    empty: "No messages.",
  });
}

function targetText(to: MessageTarget | undefined): string {
  if (to?.agentId !== undefined) return to.agentId;
  if (to?.role !== undefined) return `role ${to.role}`;
  return to?.topic === undefined ? "all agents" : `topic ${to.topic}`;
}

export function listVotes(context: Context): Promise<Result> {
  const id = context.values.argument("ID");
  return listed<Vote>(context, {
    name: "votes",
    fetchPage: async (server, page) => {
      const reply = await server.call("missions.votes", {
        params: { id },
        query: { ...server.namespace, ...page },
      });
      return { ...reply, entries: reply.votes };
    },
    idOf: ({ voteId }) => voteId,
    columns: [
      { title: "vote", widthMin: 8 },
      { title: "rule", yields: 3 },
      { title: "ballots", align: "right", yields: 2 },
      { title: "outcome", yields: 1, widthMin: 8 },
      { title: "question", yields: 2, widthMin: 12 },
    ],
    row: ({ voteId, rule = "", ballots, outcome, question = "" }) => [
      { text: voteId, tone: "bold" },
      { text: rule.replaceAll("_", " "), tone: "dim" },
      { text: String(ballots.length), tone: "dim" },
      outcome === undefined
        ? { text: "open", tone: "yellow" }
        : { text: outcome.winner || "undecided", tone: outcome.winner ? "green" : "magenta" },
      { text: question, tone: "dim" },
    ],
    empty: "No votes.",
  });
}

export async function showBudget(context: Context): Promise<Result> {
  const { values, print } = context;
  const server = await connect(context);
  const budget = await server.call("missions.budget", {
    params: { id: values.argument("ID") },
    query: server.namespace,
  });
  return {
    json: budget,
    draw: () => {
      const row = (name: string, { tokens = 0, money = 0, timeMs = 0 } = {}): Entry[] => [
        { text: name, tone: "bold" },
        ...[tokens, money, timeMs].map((amount): Entry => ({ text: String(amount), tone: "plain" })),
      ];
      print.table(
        [
          { title: "", widthMin: 8 },
          ...["tokens", "money", "ms"].map((title) => ({ title, align: "right" as const })),
        ],
        [
          row("limit", budget.limit),
          row("spent", budget.spent),
          row("set aside", budget.reserved),
          row("left", budget.available),
        ],
      );
    },
  };
}

export async function whyMission(context: Context): Promise<Result> {
  const { values } = context;
  const task = values.optionalArgument("TASK");
  const server = await connect(context);
  const explanation = await server.call("missions.why", {
    params: { id: values.argument("ID") },
    query: { ...server.namespace, ...(task === undefined ? {} : { task }) },
  });
  return explanationOutcome(context, explanation);
}
