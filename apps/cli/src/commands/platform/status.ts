import { counted } from "@tutti/kernel";
import { adapterNamesIn } from "@tutti/rest/adapters";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { displayOf, runStates } from "../../terminal/states.ts";
import { type Style, toned } from "../../terminal/style.ts";
import { padEnd, safe } from "../../terminal/text.ts";
import { offered } from "./capabilities.ts";
import { incidentFindings, missingServices, openIncidents, poolFindings } from "./doctor-checks.ts";
import { levelOf, problemsOf, worstOf } from "./process-health.ts";

/** State of the platform, collected from several replies. */
interface Overview {
  readonly url: string;
  readonly version: string;
  readonly health: string;
  readonly services: readonly { readonly name: string; readonly ready: number; readonly instances: number }[];
  readonly runs: Readonly<Record<string, number>>;
  readonly agents: { readonly count: number; readonly slots: number; readonly busy: number };
  /** Names of the capabilities that agents and orchestrators offer. */
  readonly capabilities: readonly string[];
  readonly openApprovals: number;
  readonly problems: readonly string[];
  /** Services with paused work. */
  readonly paused: readonly string[];
  /** Notices of `tutti doctor` about queues and workers. */
  readonly notices: readonly string[];
}

export async function status(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const overview = await gather(server);
  return {
    json: overview,
    quiet: [overview.health],
    draw: () => {
      print.lines(draw(overview, print.style));
    },
    exitCode: overview.health === "unhealthy" ? exitCodes.failed : exitCodes.completed,
  };
}

async function gather(server: Server): Promise<Overview> {
  const { namespace } = server;
  // Concurrent, because a sequence would add up their times.
  const [
    { version },
    { services },
    { counts },
    agents,
    approvals,
    capabilities,
    pools,
    { processes },
    incidents,
    paused,
  ] = await Promise.all([
    server.call("whoami"),
    server.call("services.list", { query: { size: 100 } }),
    server.call("runs.count", { query: { ...namespace, by: "status" } }),
    readAll(
      (page) => server.call("agents.list", { query: { ...namespace, ...page } }),
      (reply) => reply.agents,
    ),
    server.call("approvals.list", { query: { ...namespace, size: 100 } }),
    offered(server),
    readAll(
      (page) => server.call("pools.list", { query: { ...namespace, ...page } }),
      (reply) => reply.pools,
    ),
    server.call("components.list"),
    openIncidents(server),
    pausedServices(server),
  ]);
  const here = agents.filter(({ state }) => state !== "gone");
  const slots = here.reduce((sum, { offering }) => sum + (offering?.slots ?? 0), 0);
  const free = here.reduce((sum, { freeSlots = 0 }) => sum + freeSlots, 0);
  return {
    url: server.url,
    version,
    health: worstOf(processes.map(levelOf)),
    services: services.map(({ name, ready = 0, instances = 0 }) => ({ name, ready, instances })),
    runs: Object.fromEntries(counts.map(({ value = "", count = 0 }) => [value, count])),
    agents: { count: here.length, slots, busy: slots - free },
    capabilities: capabilities.map(({ name }) => name),
    openApprovals: approvals.total ?? approvals.approvals.length,
    problems: processes.flatMap(problemsOf),
    paused,
    notices: [
      ...missingServices(services.map(({ name }) => name)),
      ...poolFindings(pools),
      ...incidentFindings(incidents),
    ].flatMap(({ about, level, text, advice }) => {
      if (level === "sound") return [];
      return [`${about}: ${text}${about.startsWith("incident ") ? ` ${advice}` : ""}`];
    }),
  };
}

/** Returns the services with paused work. Empty if the caller must not read the pause. */
async function pausedServices(server: Server): Promise<readonly string[]> {
  const pause = await server.call("pause.get").catch(() => undefined);
  return (pause?.services ?? []).flatMap(({ service = "", partitions }) =>
    partitions.length === 0 ? [] : [service],
  );
}

/** Returns the line about paused work. It comes before all others, because nothing else explains why no run continues. */
export function pausedText(services: readonly string[]): string {
  return `${services.map(safe).join(", ")}. Show it: tutti paused. Release it: tutti release --all`;
}

const namesMax = 8;

/** Returns the offers of workers as lines with a title: adapters by name, and the other capabilities. */
export function offeredLines(
  capabilities: readonly string[],
): readonly (readonly [title: string, names: string])[] {
  const adapters = adapterNamesIn(capabilities);
  const others = capabilities.filter((name) => !adapters.some((adapter) => name.startsWith(`${adapter}.`)));
  const lines = [
    ["adapters", namesOf(adapters, "tutti adapter list")],
    ["offered", namesOf(others, "tutti capabilities")],
  ] as const;
  return lines.filter(([, names]) => names !== "");
}

function namesOf(all: readonly string[], command: string): string {
  const named = all.slice(0, namesMax).map(safe).join(", ");
  const more = all.length - namesMax;
  return more > 0 ? `${named} and ${more} more: ${command}` : named;
}

function draw(overview: Overview, style: Style): string[] {
  const { url, version, health, services, runs, agents, capabilities, openApprovals, problems } = overview;
  const { paused, notices } = overview;
  const isWell = health === "healthy";
  const mark = isWell ? style.green("●") : health === "degraded" ? style.yellow("◐") : style.red("✗");
  const row = (name: string, text: string): string => `  ${style.dim(padEnd(name, 10))}${text}`;
  const parts = services.map(({ name, ready, instances }) => {
    const isReady = ready === instances && ready > 0;
    const many = instances > 1 ? ` ${ready}/${instances}` : "";
    return `${isReady ? style.green("✓") : style.yellow("◐")} ${safe(name)}${many}`;
  });
  const known = [
    ...runStates,
    ...Object.keys(runs).filter((state) => !runStates.some((known) => known === state)),
  ];
  const counts = known.flatMap((state) => {
    const count = runs[state] ?? 0;
    const { symbol, tone, words } = displayOf(state);
    return count === 0 ? [] : [toned(style, tone, `${symbol} ${count} ${words}`)];
  });
  const work =
    agents.count === 0
      ? style.yellow("no agents are connected. Start a worker. For an example project: npm create tutti")
      : `${counted(agents.count, "agent")}, ${agents.busy} of ${counted(agents.slots, "slot")} in use`;
  const people =
    openApprovals === 0
      ? style.dim("no open approvals")
      : `${style.magenta(counted(openApprovals, "open approval", "open approvals"))}  ${style.dim("tutti approve")}`;
  return [
    `${mark} ${style.bold(`Tutti ${safe(version)}`)}  ${style.dim(url)}  ${isWell ? "" : style.yellow(safe(health))}`.trimEnd(),
    "",
    ...(paused.length === 0 ? [] : [row("paused", style.yellow(pausedText(paused)))]),
    row("services", parts.join("  ")),
    row("runs", counts.length === 0 ? style.dim("none yet") : counts.join("  ")),
    row("workers", work),
    ...offeredLines(capabilities).map(([title, names]) => row(title, names)),
    row("people", people),
    ...problems.slice(0, 8).map((problem) => row("problem", style.yellow(safe(problem)))),
    ...notices.slice(0, 8).map((notice) => row("notice", style.yellow(safe(notice)))),
    ...(problems.length === 0 ? [] : [row("", style.dim("tutti components --problems"))]),
  ];
}
