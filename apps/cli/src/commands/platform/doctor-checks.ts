/**
 * Checks of `doctor` for a platform that answers: clock, certificate, versions, leases, queues and workers.
 *
 * A queue without workers is no problem of the platform: `/readyz` and `tutti status` call it healthy as well.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { counted, sentences } from "@tutti/kernel";
import type { Incident, Instance, Pool, PoolStatus, ProcessComponents } from "@tutti/rest/types";
import type { Server } from "../../server/calls.ts";
import { levelOf, levelText, problemsOf, processName } from "./process-health.ts";

export interface Finding {
  readonly about: string;
  readonly level: "sound" | "notice" | "problem";
  readonly text: string;
  /** Next action. Empty without one. */
  readonly advice: string;
}

interface Edge {
  /** By the clock of the platform, in whole seconds. */
  readonly dateMs: number | undefined;
  /** End of the certificate's validity, over HTTPS. */
  readonly validToMs: number | undefined;
}

const dayMs = 86_400_000;
const skewNoticeMs = 5_000;
const skewProblemMs = 60_000;
const certificateDays = 14;
const renewMaxMs = 60_000;
const waitNoticeMs = 60_000;
const incidentsMax = 5;

/** Reads the clock and certificate of an address. Undefined if it does not answer in time. */
export async function edgeOf(url: string, timeoutMs: number): Promise<Edge | undefined> {
  const { request } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
  return new Promise((resolve) => {
    const outgoing: ClientRequest = request(
      `${url}/livez`,
      { timeout: timeoutMs },
      (answer: IncomingMessage) => {
        const certificate = (answer.socket as Partial<TLSSocket>).getPeerCertificate?.();
        resolve({ dateMs: momentIn(answer.headers.date), validToMs: momentIn(certificate?.valid_to) });
        answer.resume();
      },
    );
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(undefined));
    outgoing.end();
  });
}

function momentIn(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

export function edgeFindings({ dateMs, validToMs }: Edge, nowMs: number): Finding[] {
  const found: Finding[] = [];
  if (dateMs !== undefined) {
    // The header has whole seconds, so on average it is half a second late.
    const skewMs = Math.abs(nowMs - dateMs - 500);
    const isOff = skewMs > skewNoticeMs;
    const text = isOff
      ? `The clocks of this machine and of the platform differ by ${Math.round(skewMs / 1_000)} s.`
      : "The clocks of this machine and of the platform agree.";
    const level = skewMs > skewProblemMs ? "problem" : isOff ? "notice" : "sound";
    found.push({ about: "clock", level, text, advice: isOff ? "Synchronise both clocks by NTP." : "" });
  }
  if (validToMs !== undefined) {
    const days = Math.floor((validToMs - nowMs) / dayMs);
    const expiresSoon = days < certificateDays;
    const text =
      days < 0
        ? `The certificate of the platform expired ${counted(-days, "day")} ago.`
        : `The certificate of the platform is valid for ${counted(days, "day")}.`;
    const level = days < 0 ? "problem" : expiresSoon ? "notice" : "sound";
    found.push({ about: "certificate", level, text, advice: expiresSoon ? "Renew the certificate." : "" });
  }
  return found;
}

/** Services of every installation. insight can be switched off, and a client needs no gateway. */
const requiredServices = ["governance", "master", "registry", "swarm", "workflow"];

/** The registry forgets a process that stopped, so only a comparison shows that a service has none left. */
export function missingServices(registered: readonly string[]): Finding[] {
  if (registered.length === 0) return [];
  return requiredServices
    .filter((service) => !registered.includes(service))
    .map((service) => ({
      about: "services",
      level: "problem",
      text: `No process of \`${service}\` is registered.`,
      advice: "Start it, or read the log of the process that stopped. `tutti health` shows since when.",
    }));
}

/** @param nowMs by the clock of the platform */
export function instanceFindings(instances: readonly Instance[], nowMs: number): Finding[] {
  if (instances.length === 0) return [];
  const versions = [...new Set(instances.map(({ version = "" }) => version))].sort();
  const late = instances.filter(({ renewTimeMs = nowMs }) => nowMs - renewTimeMs > renewMaxMs);
  const isSame = versions.length === 1;
  return [
    {
      about: "versions",
      level: isSame ? "sound" : "notice",
      text: isSame
        ? `All services are ${versions.join()}.`
        : `Services have the versions ${versions.join(", ")}.`,
      advice: isSame ? "" : "Finish the update of the processes.",
    },
    {
      about: "leases",
      level: late.length === 0 ? "sound" : "notice",
      text:
        late.length === 0
          ? `The leases of ${counted(instances.length, "service")} are renewed.`
          : `Not renewed for a minute: ${late.map(({ service = "", id }) => `${service} (${id})`).join(", ")}.`,
      advice:
        late.length === 0 ? "" : "Check these processes and their network. List them with `tutti instances`.",
    },
  ];
}

/** Checks every process of the installation. `/readyz` is only about the process that answers. */
export function processFindings(processes: readonly ProcessComponents[]): Finding[] {
  const found = processes.flatMap((process): Finding[] => {
    const level = levelOf(process);
    if (level === "healthy") return [];
    const text = `${processName(process)} is ${levelText(process)}: ${problemsOf(process).join("; ")}`;
    const advice = process.problem
      ? "Check the process and its network."
      : "See `tutti components --problems`.";
    return [
      {
        about: "processes",
        level: level === "degraded" ? "notice" : "problem",
        text: sentences(text),
        advice,
      },
    ];
  });
  if (found.length > 0 || processes.length === 0) return found;
  const text = `All ${counted(processes.length, "process", "processes")} are ready.`;
  return [{ about: "processes", level: "sound", text, advice: "" }];
}

/** Reports open incidents. They are no problem of the platform itself, but its operator must see them. */
export function incidentFindings(incidents: readonly Incident[]): Finding[] {
  const open = incidents.filter(({ status }) => status === "open");
  return open.slice(0, incidentsMax).map(({ incidentId, namespace = "default", title = "" }) => ({
    about: `incident ${incidentId}`,
    level: "notice",
    text: `${title}.`,
    advice: `See \`tutti incident show ${incidentId} -n ${namespace}\`.`,
  }));
}

/** Returns open incidents of the installation and of a namespace. Empty without access, or if insight is unreachable. */
export async function openIncidents(server: Server, timeoutMs?: number): Promise<readonly Incident[]> {
  const namespaces = new Set(["system", server.namespace.namespace ?? "default"]);
  const found = await Promise.all(
    [...namespaces].map((namespace) =>
      server
        .call("incidents.list", {
          query: { namespace, size: incidentsMax },
          ...(timeoutMs !== undefined && { timeoutMs }),
        })
        .catch(() => ({ incidents: [] })),
    ),
  );
  return found.flatMap(({ incidents }) => incidents);
}

/** @param longest a run whose task waits, by the name of its pool. Default: none is known. */
export function poolFindings(
  pools: readonly Pool[],
  longest: ReadonlyMap<string, string> = new Map(),
): Finding[] {
  const known = pools.flatMap(({ pool, paused, status }) =>
    status === undefined ? [] : [{ pool, paused, status }],
  );
  const findings = known.flatMap(({ pool, paused, status }): Finding[] => {
    const { slots = 0, queued = 0, waitingAtHome = 0, longestWaitMs = 0 } = status;
    const waiting = queued + waitingAtHome;
    const wait = `${counted(waiting, "task")} ${waiting === 1 ? "waits" : "wait"}`;
    const finding = (level: Finding["level"], text: string, advice = ""): Finding[] => [
      { about: `pool ${pool}`, level, text, advice },
    ];
    if (waiting > 0 && slots === 0)
      return finding(
        "notice",
        `${wait} and no worker is connected.`,
        "Start a worker with the capability of the tasks.",
      );
    if (waiting > 0 && paused === true)
      return finding(
        "notice",
        `The pool is paused and ${wait}.`,
        `Resume it with \`tutti pool resume ${pool}\`.`,
      );
    const queue = `${counted(waiting, "task")} in the queue`;
    if (waiting > 0 && longestWaitMs > waitNoticeMs)
      return finding(
        "notice",
        `${queue}, the longest wait is ${Math.round(longestWaitMs / 1_000)} s.`,
        `Run \`tutti why ${longest.get(pool) ?? "RUN"}\` for one of its runs, or add workers.`,
      );
    return [];
  });
  if (findings.length > 0 || known.length === 0) return findings;
  const sum = (of: (status: PoolStatus) => number | undefined) =>
    known.reduce((total, { status }) => total + (of(status) ?? 0), 0);
  const slots = sum(({ slots: all }) => all);
  const free = `${sum(({ freeSlots }) => freeSlots)} of ${counted(slots, "slot")} free`;
  const waiting = sum(({ queued = 0, waitingAtHome = 0 }) => queued + waitingAtHome);
  const queue = waiting === 0 ? "no task waits" : `${counted(waiting, "task")} in the queue`;
  const text = `${counted(known.length, "pool")}: ${queue}, ${slots === 0 ? "no worker is connected" : free}.`;
  return [{ about: "pools", level: "sound", text, advice: "" }];
}
