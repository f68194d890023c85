import { counted } from "@tutti/kernel";
import type { Pool, PoolStatus } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { type Tone, toned } from "../../terminal/style.ts";
import type { Column, Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";

export async function listPools(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("pools.list", { query: { ...server.namespace, ...page } }),
    ({ pools }) => pools,
  );
  return {
    json: { pools: entries },
    nextToken,
    quiet: entries.map(({ pool }) => pool),
    draw: () => {
      print.table(poolColumns, entries.map(poolRow));
    },
  };
}

export const poolColumns: readonly Column[] = [
  { title: "pool", widthMin: 10 },
  { title: "state" },
  { title: "agents", align: "right" },
  { title: "slots", align: "right" },
  { title: "queued", align: "right" },
  { title: "running", align: "right" },
  { title: "retrying", align: "right", yields: 2, widthMin: 8 },
  { title: "longest wait", align: "right", yields: 1, widthMin: 12 },
  { title: "about", yields: 3, widthMin: 10 },
];

export function poolRow(pool: Pool): Entry[] {
  const { description = "" } = pool;
  const status = statusOf(pool);
  const { slots = 0, freeSlots = 0, queued = 0, waitingAtHome = 0, longestWaitMs = 0 } = status;
  return [
    { text: pool.pool, tone: "bold" },
    stateOf(pool),
    { text: String(agentsOf(pool)), tone: "dim" },
    { text: `${slots - freeSlots}/${slots}`, tone: "dim" },
    { text: String(queued + waitingAtHome), tone: queued > 0 ? "yellow" : "dim" },
    { text: String(status.running ?? 0), tone: "cyan" },
    { text: String(status.retrying ?? 0), tone: "dim" },
    { text: longestWaitMs > 0 ? printDurationMs(longestWaitMs) : "", tone: "dim" },
    { text: description, tone: "dim" },
  ];
}

function statusOf({ status }: Pool): Partial<PoolStatus> {
  return status ?? {};
}

function agentsOf({ status }: Pool): number {
  const { starting = 0, ready = 0, busy = 0, draining = 0, asleep = 0, suspect = 0 } = status?.agents ?? {};
  return starting + ready + busy + draining + asleep + suspect;
}

function stateOf({ paused }: Pool): { readonly text: string; readonly tone: Tone } {
  return paused === true ? { text: "‖ paused", tone: "magenta" } : { text: "● open", tone: "green" };
}

export async function showPool(context: Context): Promise<Result> {
  const { values, shell } = context;
  const server = await connect(context);
  const pool = await server.call("pools.get", {
    params: { pool: values.argument("POOL") },
    query: server.namespace,
  });
  return {
    json: pool,
    draw: () => {
      drawPool(context, pool, shell.nowMs());
    },
  };
}

function drawPool({ print }: Context, pool: Pool, nowMs: number): void {
  const { style } = print;
  const { strategy, weights, admits, preemption, doubling, pauseReason = "", labels } = pool;
  const status = statusOf(pool);
  const { text, tone } = stateOf(pool);
  print.line(
    `${style.bold(safe(pool.pool))}  ${toned(style, tone, text)}  ${style.dim(safe(pauseReason))}`.trimEnd(),
  );
  print.line("");
  const pairs = (of: Readonly<Record<string, unknown>> | undefined) =>
    Object.entries(of ?? {})
      .map(([name, value]) => `${name}=${String(value)}`)
      .join("  ");
  const by = pool.updateCause?.actor?.id ?? "";
  print.facts([
    ["about", pool.description],
    ["strategy", `${strategy?.kind ?? ""}  ${pairs(strategy?.weights)}`.trim()],
    ["namespaces", admits.includes("*") ? "any" : ["its own", ...admits].join(", ")],
    ["shares", pairs(weights) || undefined],
    ["limits", `${counted(pool.maxQueued ?? 0, "task")}, ${counted(pool.maxAgents ?? 0, "agent")}`],
    ["quarantine", `after ${pool.breakAfterFailures ?? 0} failures of an agent in a row`],
    ["ageing", printDurationMs(pool.ageingMs ?? 0)],
    [
      "preemption",
      (preemption?.priorityDifference ?? 0) > 0
        ? `for tasks more urgent by ${preemption?.priorityDifference}`
        : undefined,
    ],
    [
      "speculation",
      doubling?.enabled === true ? `the slowest tasks, beyond ${doubling.quantile ?? 0.95}` : undefined,
    ],
    ["sleep", (pool.sleepAfterMs ?? 0) > 0 ? `after ${printDurationMs(pool.sleepAfterMs ?? 0)}` : undefined],
    ["labels", pairs(labels) || undefined],
    ["agents", String(agentsOf(pool))],
    ["slots", `${(status.slots ?? 0) - (status.freeSlots ?? 0)} of ${status.slots ?? 0} in use`],
    [
      "tasks",
      `${status.queued ?? 0} queued, ${status.running ?? 0} running, ${status.retrying ?? 0} retrying`,
    ],
    [
      "slow until",
      pool.slowStartEndTimeMs === undefined ? undefined : printAge(pool.slowStartEndTimeMs, nowMs),
    ],
    [
      "changed",
      pool.updateTimeMs === undefined ? undefined : `${printAge(pool.updateTimeMs, nowMs)} by ${safe(by)}`,
    ],
    ["owner", status.owner],
  ]);
}

export async function showQueue(context: Context): Promise<Result> {
  const { values, print } = context;
  const [capability, fromNamespace] = [values.text("capability"), values.text("from")];
  const params = { pool: values.argument("POOL") };
  const server = await connect(context);
  const query = {
    ...server.namespace,
    ...(capability === undefined ? {} : { capability }),
    ...(fromNamespace === undefined ? {} : { fromNamespace }),
  };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("pools.queue", { params, query: { ...query, ...page } }),
    ({ tasks }) => tasks,
  );
  return {
    json: { tasks: entries },
    nextToken,
    quiet: entries.map(({ work }) => `${work?.id ?? ""}/${work?.task ?? ""}`),
    empty: entries.length === 0 ? "No queued tasks." : undefined,
    draw: () => {
      print.table(
        [
          { title: "#", align: "right" },
          { title: "run", widthMin: 10 },
          { title: "task", widthMin: 8, yields: 1 },
          { title: "capability", widthMin: 8, yields: 2 },
          { title: "priority", align: "right", yields: 2, widthMin: 8 },
          { title: "waited", align: "right" },
          { title: "reason" },
        ],
        entries.map(({ place, work, capability: needs = "", effectivePriority = 0, waitedMs = 0, cause }) => [
          { text: String(place), tone: "dim" },
          { text: work?.id ?? "", tone: "bold" },
          work?.task ?? "",
          { text: needs, tone: "dim" },
          { text: effectivePriority.toFixed(1), tone: "dim" },
          { text: printDurationMs(waitedMs), tone: "cyan" },
          { text: cause ?? "", tone: "yellow" },
        ]),
      );
    },
  };
}
