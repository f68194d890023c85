/** Shows running runs, queues and workers with their load, drawn in place on a terminal until the user presses Ctrl-C. */
import { counted } from "@tutti/kernel";
import type { Agent, Pool, Run } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { displayOf, runStates } from "../../terminal/states.ts";
import type { Style } from "../../terminal/style.ts";
import { drawTable } from "../../terminal/table.ts";
import { cut } from "../../terminal/text.ts";
import { printClock } from "../../terminal/time.ts";
import { agentColumns, agentRow } from "../agents/agent.ts";
import { poolColumns, poolRow } from "../pools/read.ts";
import { runColumns, runRow } from "../runs/list.ts";

/** The load of the platform at one time. */
export interface Load {
  readonly timeMs: number;
  readonly runs: readonly Run[];
  readonly runsTotal: number;
  readonly pools: readonly Pool[];
  readonly agents: readonly Agent[];
}

const intervalMs = 2_000;
const intervalMinMs = 200;

export async function top(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const everyMs = Math.max(intervalMinMs, values.durationMs("interval") ?? intervalMs);
  const server = await connect(context, { failsFast: true });
  const load = await readLoad(server, shell.nowMs());
  const frames = print.frames("output");
  if (frames.kind !== "drawn" || values.flag("once"))
    return {
      json: load,
      quiet: [`${load.runsTotal} ${queuedIn(load)} ${busyIn(load).busy}`],
      draw: () => print.lines(drawLoad(load, { style: print.style, width: print.width, height: undefined })),
    };
  let current = load;
  let problem: string | undefined;
  const draw = (): void => {
    frames.draw(({ style, width, height }) => [
      ...drawLoad(current, { style, width, height: height - (problem === undefined ? 0 : 1) }),
      ...(problem === undefined ? [] : [style.yellow(cut(problem, width))]),
    ]);
  };
  try {
    for (draw(); !shell.interrupted.aborted; draw()) {
      await shell.pause(everyMs, shell.interrupted);
      if (shell.interrupted.aborted) break;
      try {
        current = await readLoad(server, shell.nowMs());
        problem = undefined;
      } catch (error) {
        // A restarting platform answers a moment later.
        if (!(error instanceof Failure) || error.exitCode !== exitCodes.unreachable) throw error;
        problem = error.message;
      }
    }
  } finally {
    frames.close();
  }
  return exitCodes.completed;
}

/** Maximum of entries in a list. A terminal shows fewer. */
const listMax = 200;

async function readLoad(server: Server, timeMs: number): Promise<Load> {
  const { namespace } = server;
  const query = { ...namespace, size: listMax };
  const [{ runs }, { counts }, { pools }, { agents }] = await Promise.all([
    server.call("runs.list", { query: { ...query, status: activeStates } }),
    server.call("runs.count", { query: { ...namespace, by: "status" } }),
    server.call("pools.list", { query }),
    server.call("agents.list", { query }),
  ]);
  const active = counts.filter(({ value = "" }) => (activeStates as readonly string[]).includes(value));
  return {
    timeMs,
    runs,
    pools,
    runsTotal: active.reduce((sum, { count = 0 }) => sum + count, 0),
    agents: agents.filter(({ state }) => state !== "gone"),
  };
}

const activeStates = runStates.filter((state) => !displayOf(state).isEnded) as Run["status"][];

const queuedIn = ({ pools }: Load): number =>
  pools.reduce((sum, { status }) => sum + (status?.queued ?? 0) + (status?.waitingAtHome ?? 0), 0);

function busyIn({ agents }: Load): { readonly busy: number; readonly slots: number } {
  const slots = agents.reduce((sum, { offering }) => sum + (offering?.slots ?? 0), 0);
  return { slots, busy: slots - agents.reduce((sum, { freeSlots = 0 }) => sum + freeSlots, 0) };
}

interface Page {
  readonly style: Style;
  readonly width: number;
  /** Available lines. Undefined: no limit. */
  readonly height: number | undefined;
}

/** Draws the load. Queues are few and always whole. Workers and runs share the other lines. */
export function drawLoad(load: Load, { style, width, height }: Page): string[] {
  const { timeMs, runs, runsTotal, pools, agents } = load;
  const { busy, slots } = busyIn(load);
  const head = `${style.bold(counted(runsTotal, "active run"))} · ${counted(queuedIn(load), "queued task")} · ${busy} of ${counted(slots, "slot")} in use · ${style.dim(printClock(timeMs))}`;
  const draw = (columns: Parameters<typeof drawTable>[0], rows: Parameters<typeof drawTable>[1]) =>
    rows.length === 0 ? [] : ["", ...drawTable(columns, rows, { style, width })];
  const queues = draw(poolColumns, pools.map(poolRow));
  const workers = draw(
    agentColumns,
    [...agents].sort((one, other) => usedOf(other) - usedOf(one)).map((agent) => agentRow(agent, timeMs)),
  );
  const work = draw(
    runColumns,
    runs.map((run) => runRow(run, timeMs)),
  );
  if (height === undefined) return [head, ...queues, ...workers, ...work];
  const remaining = Math.max(0, height - 1 - queues.length);
  // Each gets half of the lines, plus the unused lines of the other.
  const workersHeight = Math.min(
    workers.length,
    Math.max(Math.floor(remaining / 2), remaining - work.length),
  );
  return [
    head,
    ...queues,
    ...shortened(workers, workersHeight, style),
    ...shortened(work, remaining - workersHeight, style),
  ].slice(0, height);
}

const usedOf = ({ offering, freeSlots = 0 }: Agent): number => (offering?.slots ?? 0) - freeSlots;

function shortened(lines: readonly string[], height: number, style: Style): string[] {
  if (lines.length <= height) return [...lines];
  // The minimum is an empty line, the head of a table, one row and the count of hidden rows.
  if (height < 4) return [];
  const hidden = lines.length - height + 1;
  return [...lines.slice(0, height - 1), style.dim(`${hidden} more`)];
}
