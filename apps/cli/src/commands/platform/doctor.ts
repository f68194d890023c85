/** Finds problems of this machine and its platform, each with the next action. */

import { counted, misspeltVariables, sentences } from "@tutti/kernel";
import type { Pool, Whoami } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { httpFetch } from "../../effects/http-fetch.ts";
import { hasTool, runTool, toolJson } from "../../local/clone.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { type Tone, toned } from "../../terminal/style.ts";
import { padEnd, safe, wrap } from "../../terminal/text.ts";
import {
  edgeFindings,
  edgeOf,
  type Finding,
  incidentFindings,
  instanceFindings,
  missingServices,
  openIncidents,
  poolFindings,
  processFindings,
} from "./doctor-checks.ts";

export async function doctor(context: Context): Promise<Result> {
  const platform = await platformFindings(context);
  const isRemote = platform[0]?.level === "sound" && context.values.text("data-directory") === undefined;
  const data = await dataFindings(context);
  const findings = [
    nodeFinding(context.shell.nodeVersion),
    ...variableFindings(context.shell.environment),
    ...platform,
    ...(isRemote ? data.map(remoteFinding) : data.map(({ code: _, ...finding }) => finding)),
  ];
  const isWell = findings.every(({ level }) => level !== "problem");
  return {
    json: { ok: isWell, findings },
    draw: () => {
      printFindings(context, findings, isWell);
    },
    exitCode: isWell ? exitCodes.completed : exitCodes.failed,
  };
}

const oldestNode = 18;

export function nodeFinding(version: string): Finding {
  const isOld = Number(version.split(".")[0]) < oldestNode;
  return {
    about: "node",
    level: isOld ? "problem" : "sound",
    text: `This is Node ${version}.`,
    advice: isOld ? `Install Node ${oldestNode} or newer from https://nodejs.org.` : "",
  };
}

export function variableFindings(environment: Context["shell"]["environment"]): Finding[] {
  return misspeltVariables(environment).map((text) => ({
    about: "variables",
    level: "notice",
    text,
    advice: "Correct its name, or unset it.",
  }));
}

export async function platformFindings(context: Context): Promise<Finding[]> {
  const server = await connect(context, { failsFast: true });
  try {
    const { version, id, by }: Whoami = await server.call("whoami", { timeoutMs: answerMs });
    return [
      {
        about: "platform",
        level: "sound",
        text: `Tutti ${version} answers at ${server.url}. You are ${id} (${by}).`,
        advice: "",
      },
      skewFinding(version, context.version),
      ...(await healthFindings(context, server)),
      ...(await serviceFindings(context, server)),
    ];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "gateway.not_ready") {
      const starting = await readinessFindings(context, server.url);
      if (starting.length > 0) return starting;
    }
    return [
      await unreachableFinding(context, server.url, error),
      ...(await portFindings(context, server.url)),
    ];
  }
}

/** Checks the process that answers, and all others that the caller may see. */
async function healthFindings(context: Context, server: Server): Promise<Finding[]> {
  const answering = await readinessFindings(context, server.url);
  const { processes } = await server
    .call("components.list", { timeoutMs: readyMs })
    .catch(() => ({ processes: [] }));
  if (processes.length < 2) return answering;
  return [...answering.filter(({ level }) => level !== "sound"), ...processFindings(processes)];
}

/** Checks the services and pools that the caller may see. */
async function serviceFindings({ shell }: Context, server: Server): Promise<Finding[]> {
  const edge = await edgeOf(server.url, readyMs);
  const nothing = () => [];
  const timeoutMs = readyMs;
  const instances = await readAll(
    (query) => server.call("instances.list", { query, timeoutMs }),
    (reply) => reply.instances,
  ).catch(nothing);
  const pools = await readAll(
    (page) => server.call("pools.list", { query: { ...server.namespace, ...page }, timeoutMs }),
    (reply) => reply.pools,
  ).catch(nothing);
  return [
    ...(edge === undefined ? [] : edgeFindings(edge, shell.nowMs())),
    ...missingServices(instances.map(({ service = "" }) => service)),
    ...instanceFindings(instances, edge?.dateMs ?? shell.nowMs()),
    ...poolFindings(pools, await waitingRuns(server, pools)),
    ...incidentFindings(await openIncidents(server, timeoutMs)),
  ];
}

/** Finds one waiting run for each queue, for the advice about the queue. */
async function waitingRuns(server: Server, pools: readonly Pool[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { pool, status } of pools) {
    if (status?.queued === undefined || status.queued === 0) continue;
    const query = { ...server.namespace, size: 1 };
    const queue = await server
      .call("pools.queue", { params: { pool }, query, timeoutMs: readyMs })
      .catch(() => undefined);
    const id = queue?.tasks[0]?.work?.id;
    if (id !== undefined) found.set(pool, id);
  }
  return found;
}

/** An overloaded machine is slow to answer, too. */
const answerMs = 10_000;
const readyMs = 3_000;

/** Reads `/readyz`. The platform answers calls even if one of its components is not ready. */
async function readinessFindings({ shell }: Context, url: string): Promise<Finding[]> {
  const [late, over] = [new AbortController(), new AbortController()];
  void shell.pause(readyMs, over.signal).then(
    () => late.abort(),
    () => {},
  );
  try {
    const answer = await httpFetch(`${url}/readyz`, { headers: {}, signal: late.signal });
    return readinessOf(JSON.parse(await answer.text()), url);
  } catch {
    // A gateway of a cluster may serve it at another port.
    return [];
  } finally {
    over.abort();
  }
}

interface Readiness {
  readonly ready: boolean;
  readonly health?: { readonly level?: string; readonly reason?: string };
  readonly problems?: readonly { readonly component: string; readonly reason: string }[];
}

export function readinessOf({ ready, health, problems = [] }: Readiness, url: string): Finding[] {
  const about = "readiness";
  if (ready === false) {
    const detail =
      problems.map(({ component, reason }) => `${component}: ${reason}`).join("; ") || (health?.reason ?? "");
    const text = sentences(`The platform is not ready${detail === "" ? "" : `: ${detail}`}`);
    return [{ about, level: "problem", text, advice: `See ${url}/status, and the log of the platform.` }];
  }
  if (ready !== true) return [];
  const { level = "healthy", reason = "" } = health ?? {};
  if (level === "healthy") return [{ about, level: "sound", text: "The platform is ready.", advice: "" }];
  return [
    {
      about,
      level: "notice",
      text: sentences(`The platform is ready and ${level}: ${reason}`),
      advice: `See ${url}/status.`,
    },
  ];
}

/** Compares the versions. Releases with the same minor version are compatible. */
export function skewFinding(platform: string, own: string): Finding {
  const [platformMinor, ownMinor] = [platform, own].map((version) =>
    version.split(".").slice(0, 2).join("."),
  );
  const isSame = platformMinor === ownMinor;
  return {
    about: "version",
    level: isSame ? "sound" : "notice",
    text: isSame ? `The CLI is ${own}.` : `The CLI is ${own}, the platform is ${platform}.`,
    advice: isSame ? "" : "Use the same version of both, or update both.",
  };
}

async function unreachableFinding(
  { shell }: Context,
  url: string,
  { message, why, next, code, exitCode }: Failure,
): Promise<Finding> {
  if (exitCode === exitCodes.forbidden)
    return {
      about: "platform",
      level: "problem",
      text: message,
      advice: "Pass the key with --key-file FILE or TUTTI_API_KEY.",
    };
  if (code === "rest.strange_answer")
    return {
      about: "platform",
      level: "problem",
      text: [message, ...why].join(" "),
      advice: next.map((advice) => (typeof advice === "string" ? advice : `Run \`${advice[0]}\`.`)).join(" "),
    };
  const { hostname, port } = new URL(url);
  const number = Number(port === "" ? "80" : port);
  const isPortInUse = await shell.listens(hostname, number);
  return {
    about: "platform",
    level: "problem",
    text: `${message} ${why.join(" ")}`.trim(),
    advice: isPortInUse
      ? "A program listens there. A platform that hangs or is suspended needs a restart: see its log. If it is another program, start Tutti with another --operations.port and set TUTTI_URL."
      : "Start it with `npx tutti dev`, or with `npm start` in a clone. For a platform elsewhere, set --server URL or TUTTI_URL.",
  };
}

/** If no platform answers on this machine, checks that the second port of a new platform is free. */
async function portFindings({ shell }: Context, url: string): Promise<Finding[]> {
  const { hostname, port } = new URL(url);
  const grpcPort = Number(port === "" ? "80" : port) + 1;
  if (!isHere(hostname) || !(await shell.listens(hostname, grpcPort))) return [];
  return [
    {
      about: "ports",
      level: "problem",
      text: `Port ${grpcPort} for gRPC is in use, but no platform answers.`,
      advice:
        "Stop that program, which may be a hung platform. Or start Tutti with `npx tutti dev --port auto`.",
    },
  ];
}

function isHere(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

/** Checks the data directory. Only the platform's code can read it, and the CLI package lacks this code. */
async function dataFindings(context: Context): Promise<DataFinding[]> {
  const { shell, values } = context;
  if (!hasTool(shell, "data"))
    return [
      {
        about: "data",
        level: "notice",
        text: "This package has the CLI without the platform. The data directory was not checked.",
        advice: "Install the package `tutti` on the machine of the platform, and run the command there.",
      },
    ];
  const data = values.text("data-directory");
  const args = [...(data === undefined ? [] : ["--data-directory", data]), "--json"];
  const subject = "Checking the data directory";
  const run = await runTool(shell, subject, ["tools/data.mjs", "doctor", ...args]);
  // The cast: the tool is part of the same clone.
  const { directory, findings } = toolJson(subject, run) as {
    readonly directory: string;
    readonly findings: readonly (Omit<Finding, "about"> & { readonly code?: string })[];
  };
  if (findings.length === 0)
    return [{ about: "data", level: "sound", text: `No problems in ${directory}.`, advice: "" }];
  return findings.map(({ code = "", level, text, advice }) => ({ about: "data", code, level, text, advice }));
}

const inUse = "A running process uses the data directory, so its files were not checked.";

type DataFinding = Finding & { readonly code?: string };

/** Adjusts a finding for a platform that was started in another folder or on another machine. */
export function remoteFinding({ code, ...finding }: DataFinding): Finding {
  // A platform runs, so its directory is expected to be in use.
  if (code === "held") return { ...finding, level: "sound", text: inUse, advice: "" };
  const [, directory] = /^There is nothing at (.+)\.$/.exec(finding.text) ?? [];
  if (directory === undefined) return finding;
  return {
    ...finding,
    text: `The data directory of this platform was not checked: it is not ${directory}.`,
    advice: "Run the command in the folder of the platform, or pass --data-directory DIR.",
  };
}

const displays: Readonly<Record<Finding["level"], readonly [symbol: string, tone: Tone]>> = {
  sound: ["✓", "green"],
  notice: ["!", "yellow"],
  problem: ["✗", "red"],
};

function printFindings({ print }: Context, findings: readonly Finding[], isWell: boolean): void {
  const { style } = print;
  const width = Math.min(print.width, 100) - 14;
  // With `--quiet` only problems and notices are printed.
  const visible = print.hasNotes ? findings : findings.filter(({ level }) => level !== "sound");
  for (const { about, level, text, advice } of visible) {
    const [symbol, tone] = displays[level];
    const [first = "", ...rest] = wrap(safe(text), width);
    print.line(`${toned(style, tone, symbol)} ${style.dim(padEnd(about, 10))}  ${first}`);
    const more = [
      ...rest,
      ...(advice === "" ? [] : wrap(safe(advice), width).map((line) => style.cyan(line))),
    ];
    print.lines(more.map((line) => `${" ".repeat(14)}${line}`));
  }
  print.note("");
  const notices = findings.filter(({ level }) => level === "notice").length;
  const noticeText = notices === 0 ? "" : ` ${counted(notices, "notice")}.`;
  print.note(`${isWell ? "No problems found." : "Problems found."}${noticeText}`);
}
