import { counted } from "@tutti/kernel";
import { bytesText } from "@tutti/rest/text";
import type { Agent, AgentWork } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { printShare } from "../../terminal/bar.ts";
import { type Tone, toned } from "../../terminal/style.ts";
import type { Column, Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { poolOf } from "../request.ts";

interface Display {
  readonly symbol: string;
  readonly tone: Tone;
}

const displays: Readonly<Record<string, Display>> = {
  starting: { symbol: "◔", tone: "cyan" },
  ready: { symbol: "○", tone: "green" },
  busy: { symbol: "●", tone: "cyan" },
  draining: { symbol: "◑", tone: "yellow" },
  asleep: { symbol: "◌", tone: "dim" },
  suspect: { symbol: "?", tone: "red" },
  gone: { symbol: "✗", tone: "dim" },
};

export async function listAgents(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("agents.list", { query: { ...server.namespace, ...poolOf(context), ...page } }),
    ({ agents }) => agents,
  );
  return {
    json: { agents: entries },
    nextToken,
    quiet: entries.map(({ agentId }) => agentId),
    empty:
      entries.length === 0
        ? "No agents are connected. Start a worker. For an example project: npm create tutti"
        : undefined,
    draw: () => {
      print.table(
        agentColumns,
        entries.map((agent) => agentRow(agent, shell.nowMs())),
      );
    },
  };
}

export const agentColumns: readonly Column[] = [
  { title: "agent", widthMin: 12, yields: 1 },
  { title: "state" },
  { title: "pool", yields: 2, widthMin: 7 },
  { title: "kind", yields: 2, widthMin: 4 },
  { title: "slots", align: "right" },
  { title: "cpu", align: "right", yields: 2, widthMin: 4 },
  { title: "memory", align: "right", yields: 2, widthMin: 6 },
  { title: "done", align: "right", yields: 1, widthMin: 4 },
  { title: "failed", align: "right", yields: 2, widthMin: 4 },
  { title: "cost", align: "right", yields: 2, widthMin: 4 },
  { title: "joined", align: "right", yields: 2, widthMin: 6 },
  { title: "last seen", align: "right", yields: 2, widthMin: 6 },
  { title: "offers", yields: 3, widthMin: 12 },
];

export function agentRow(agent: Agent, nowMs: number): Entry[] {
  const { agentId, pool, freeSlots = 0, offering, figures, done, joinTimeMs, heardTimeMs, kind } = agent;
  const slots = offering?.slots ?? 0;
  const names =
    offering?.capabilities.map(({ name, version = "" }) => `${name}${version && `@${version}`}`) ?? [];
  return [
    { text: agentId, tone: "bold" },
    stateCell(agent),
    { text: pool, tone: "dim" },
    { text: kind, tone: "dim" },
    { text: `${slots - freeSlots}/${slots}`, tone: "dim" },
    { text: figures?.cpu === undefined ? "" : `${Math.round(figures.cpu * 100)} %`, tone: "dim" },
    { text: figures?.memoryBytes === undefined ? "" : bytesText(figures.memoryBytes), tone: "dim" },
    { text: String(done?.completed ?? 0), tone: "dim" },
    (done?.failed ?? 0) === 0 ? { text: "", tone: "dim" } : { text: String(done?.failed), tone: "red" },
    { text: costOf(agent), tone: "dim" },
    // Counts of tasks and their cost start here.
    { text: joinTimeMs === undefined ? "" : printAge(joinTimeMs, nowMs), tone: "dim" },
    { text: heardTimeMs === undefined ? "" : printAge(heardTimeMs, nowMs), tone: "dim" },
    { text: names.join(", "), tone: "dim" },
  ];
}

/** Returns the cost of its tasks, or the tokens without a price: `$0.42`, `1200 tokens`. Empty for neither. */
function costOf({ done }: Agent): string {
  const { money = 0, tokens = 0 } = done?.used ?? {};
  if (money > 0) return `$${money.toFixed(money < 1 ? 4 : 2)}`;
  return tokens > 0 ? `${Math.round(tokens)} tokens` : "";
}

/** Returns its speed at each capability compared with others: `ocr 1.8 × (40 attempts)`. */
function speedsOf({ speeds }: Agent): string | undefined {
  const texts = speeds.map(({ capability, factor = 0, samples = 0 }) => {
    return `${capability} ${factor.toFixed(2)} × (${counted(Math.round(samples), "attempt")})`;
  });
  return texts.join(", ") || undefined;
}

function stateCell({ state, hold = "none" }: Agent): { readonly text: string; readonly tone: Tone } {
  if (hold !== "none" && hold !== "unspecified") return { text: `‖ ${hold}`, tone: "magenta" };
  const { symbol, tone } = displays[state] ?? { symbol: "·", tone: "dim" };
  return { text: `${symbol} ${state}`, tone };
}

export async function showAgent(context: Context): Promise<Result> {
  const { values, shell } = context;
  const server = await connect(context);
  const reply = await server.call("agents.get", {
    params: { id: values.argument("ID") },
    query: { ...server.namespace, ...poolOf(context) },
  });
  const { agent, work } = reply;
  return {
    json: reply,
    draw: () => {
      if (agent !== undefined) drawAgent(context, agent, work, shell.nowMs());
    },
  };
}

function drawAgent({ print }: Context, agent: Agent, work: readonly AgentWork[], nowMs: number): void {
  const { style } = print;
  const {
    agentId,
    stateReason = "",
    offering,
    figures,
    done,
    joinTimeMs,
    heardTimeMs,
    pool,
    sdk,
    kind,
  } = agent;
  const { text, tone } = stateCell(agent);
  print.line(
    `${style.bold(safe(agentId))}  ${toned(style, tone, text)}  ${style.dim(safe(stateReason))}`.trimEnd(),
  );
  print.line("");
  const labels = Object.entries(offering?.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const memory = figures?.memoryBytes === undefined ? "" : bytesText(figures.memoryBytes);
  const processor =
    figures?.cpu === undefined ? "" : `${Math.round(figures.cpu * 100)} % of ${figures.cores ?? "?"} cores`;
  print.facts([
    ["pool", pool],
    ["kind", kind],
    ["slots", `${(offering?.slots ?? 0) - (agent.freeSlots ?? 0)} of ${offering?.slots ?? 0} in use`],
    [
      "offers",
      offering?.capabilities.map(({ name, version = "" }) => `${name} ${version}`.trim()).join(", "),
    ],
    ["labels", labels.join("  ")],
    ["cpu", processor],
    ["memory", memory],
    ["joined", joinTimeMs === undefined ? undefined : printAge(joinTimeMs, nowMs)],
    [
      "since then",
      `${done?.completed ?? 0} completed, ${done?.failed ?? 0} failed, busy for ${printDurationMs(done?.busyMs ?? 0)}`,
    ],
    ["cost", costOf(agent) || undefined],
    ["speed", speedsOf(agent)],
    ["last seen", heardTimeMs === undefined ? undefined : printAge(heardTimeMs, nowMs)],
    ["library", sdk],
  ]);
  if (work.length === 0) return;
  print.line("");
  print.table(
    [
      { title: "run", widthMin: 10 },
      { title: "task", widthMin: 8, yields: 1 },
      { title: "uses", yields: 2, widthMin: 8 },
      { title: "running for", align: "right" },
      { title: "progress", yields: 3, widthMin: 10 },
    ],
    work.map(({ work: of, capability = "", startTimeMs, progress = 0, message = "" }) => [
      { text: of?.id ?? "", tone: "bold" },
      of?.task ?? "",
      { text: capability, tone: "dim" },
      { text: startTimeMs === undefined ? "" : printDurationMs(nowMs - startTimeMs), tone: "cyan" },
      { text: progress > 0 ? `${printShare(progress)} ${message}` : message, tone: "dim" },
    ]),
  );
}
