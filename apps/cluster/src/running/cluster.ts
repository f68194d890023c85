/**
 * Supervises the processes of a cluster on one machine. They start in order, restart when they end by themselves, and
 * stop in the reverse order.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { openInstallationKeys, trustedKeyOf } from "@tutti/host";
import {
  type Chance,
  type Clock,
  sleep,
  systemChance,
  systemClock,
  systemFoundation,
  systemTimers,
  type Timers,
} from "@tutti/kernel";
import { createDevelopmentCertificates } from "@tutti/mesh/certificates";
import { freePorts, isPortFree } from "@tutti/nats/local";
import { pollFor } from "../effects/waiting.ts";
import { clusterErrors } from "../errors.ts";
import {
  innerPortsOf,
  keysIn,
  type Plan,
  type PlanOptions,
  type PortMap,
  type Ports,
  planOf,
  portsNeeded,
  portsOf,
} from "../plan/plan.ts";
import { membersOf, type Shape, services } from "../plan/shape.ts";
import { Member } from "./member.ts";
import { addressesOf, isNatsReady, readinessOf } from "./readiness.ts";
import { type ClusterState, isAlive, readState, writeState } from "./state-file.ts";

export interface ClusterOptions {
  /** Absolute path, with all files of the cluster. */
  readonly directory: string;
  readonly shape: Shape;
  /** The program of NATS servers. */
  readonly natsServer: string;
  /** The module that runs a service. */
  readonly moduleOf: (service: string) => string;
  /** HTTP port of the first gateway. The next port is for gRPC. 0 or not set: any ports. */
  readonly frontPort?: number;
  /** Arguments of every service in addition to the plan: `--log.level=debug`. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Creates a line in front of a port by which members reach each other. Resolves with the port of the line. */
  readonly lineTo?: (port: number) => Promise<number>;
  /** Called when a process starts or ends. */
  readonly onChange?: () => void;
  /** Called when a process ends by itself, before it restarts. */
  readonly onLost?: (member: Member) => void;
}

const run = promisify(execFile);

/** How long another process may listen on a port while it looks for free ones. */
const probeMs = 1_000;

/** Returns the error of a member that does not start, with the mistakes of the configuration from its log. */
export async function startFailure({ name, lastEnd, log, isMisconfigured }: Member): Promise<Error> {
  const lines = isMisconfigured ? (await readFile(log, "utf8")).split("\n") : [];
  const mistakes = lines.slice(lines.findLastIndex((line) => line.endsWith("mistakes:")) + 1);
  const reasons = mistakes.filter((line) => line.startsWith("  - ")).map((line) => line.slice(4));
  const ending = reasons.length === 0 ? lastEnd : `${lastEnd}: ${reasons.join("; ")}`;
  return clusterErrors.memberFails({ name, ending, log });
}

/** No process has this number. */
const noProcess = 2 ** 31 - 1;
const pollMs = 100;
const togetherMs = 10_000;
/** Longer than a server with much data needs to catch up. */
const currentMs = 60_000;
const natsAttempts = 5;
/** Consecutive failures after which a member counts as broken. */
const failuresMax = 5;

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #ports: { readonly clock: Clock; readonly timers: Timers; readonly chance: Chance } = {
    clock: systemClock,
    timers: systemTimers,
    chance: systemChance,
  };
  #shape: Shape;
  #assignedPorts: Ports;
  #members: readonly Member[];
  readonly #advertised: Map<number, number>;
  readonly #trustedKey: string;
  #writing: Promise<void> = Promise.resolve();
  #isUnsupervised = false;

  private constructor(
    options: ClusterOptions,
    assignedPorts: Ports,
    plan: Plan,
    { advertised, trustedKey }: Required<PlanOptions>,
  ) {
    this.#advertised = new Map(advertised);
    this.#trustedKey = trustedKey;
    this.#options = options;
    this.#shape = options.shape;
    this.#assignedPorts = assignedPorts;
    this.#members = plan.members.map((planned) => this.#memberOf(planned));
  }

  /** Creates the files, and ends processes that a killed cluster has left behind. Starts nothing. */
  static async create(options: ClusterOptions): Promise<Cluster> {
    const { directory, shape } = options;
    await mkdir(join(directory, "logs"), { recursive: true });
    const before = await readState(directory);
    if (before !== undefined) {
      if (isAlive(before.pid)) throw clusterErrors.alreadyUp({ directory, pid: before.pid });
      const { partitions } = before.shape;
      if (partitions !== shape.partitions)
        throw clusterErrors.partitionsFixed({ expected: partitions, found: shape.partitions });
      await endLeftovers(before, directory);
    }
    if (shape.isProtected)
      await createDevelopmentCertificates({
        directory: join(directory, "certificates"),
        services: [...services, "cli"],
      });
    const known = withFront(before?.ports, options.frontPort ?? 0);
    const ports = portsOf(shape, await freePorts(portsNeeded(shape)), known);
    const advertised = await linesTo(ports, options);
    // Created before any service starts, because all services trust the key that governance signs with.
    const trustedKey = trustedKeyOf(await openInstallationKeys(keysIn(directory), systemFoundation()));
    const plan = planOf(shape, ports, directory, { advertised, trustedKey });
    const cluster = new Cluster(options, ports, plan, { advertised, trustedKey });
    await writeFiles(plan);
    await cluster.#saveState();
    return cluster;
  }

  get shape(): Shape {
    return this.#shape;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  member(name: string): Member {
    const found = this.#members.find((member) => member.name === name);
    if (found === undefined)
      throw clusterErrors.noSuchMember({
        name,
        members: this.#members.map((member) => member.name).join(", "),
      });
    return found;
  }

  /** Throws if a port is taken. Another process on the port would answer in place of a member, and count as ready. */
  async requireFreePorts(): Promise<void> {
    for (const { name, planned } of this.#members)
      for (const port of Object.values(planned.ports))
        if (!(await isLeftFree(port)))
          throw clusterErrors.portInUse({ name, port, free: await freePairAfter(port) });
  }

  /** Starts all processes. Resolves when all are ready. */
  async up(signal: AbortSignal): Promise<void> {
    await this.requireFreePorts();
    await this.#natsUp(signal);
    for (const member of this.#servicesOf(this.#members)) await member.up();
    await this.ready(signal);
  }

  /** Starts only the NATS servers, for tools that work on their data. Returns their addresses. */
  async upNats(signal: AbortSignal): Promise<readonly string[]> {
    await this.#natsUp(signal);
    const servers = this.#natsOf(this.#members);
    await this.ready(signal, servers);
    return servers.map(({ planned }) => addressesOf(planned).other.replace("nats://", ""));
  }

  /** Resolves when every member reports that it is ready. */
  async ready(signal: AbortSignal, members: readonly Member[] = this.#members): Promise<void> {
    for (const member of members) {
      while (!(await readinessOf(member.planned)).isReady) {
        if (member.failures >= failuresMax || member.isMisconfigured) throw await startFailure(member);
        await sleep(this.#ports.timers, pollMs, signal);
      }
    }
  }

  /** Stops surplus members gracefully, and starts missing ones. Resolves when all are ready. */
  async reshape(shape: Shape, signal: AbortSignal): Promise<void> {
    const { directory } = this.#options;
    const ports = portsOf(shape, await freePorts(portsNeeded(shape)), this.#assignedPorts);
    for (const [port, line] of await linesTo(ports, this.#options, this.#advertised))
      this.#advertised.set(port, line);
    const plan = planOf(shape, ports, directory, {
      advertised: this.#advertised,
      trustedKey: this.#trustedKey,
    });
    const plannedNames = new Set(plan.members.map(({ name }) => name));
    const leaving = this.#members.filter(({ name }) => !plannedNames.has(name));
    const known = new Map(this.#members.map((member) => [member.name, member]));
    this.#shape = shape;
    this.#assignedPorts = {
      nats: { ...this.#assignedPorts.nats, ...ports.nats },
      services: { ...this.#assignedPorts.services, ...ports.services },
    };
    this.#members = plan.members.map((planned) => known.get(planned.name) ?? this.#memberOf(planned));
    await writeFiles(plan);
    for (const member of this.#members) await member.up();
    await this.ready(signal);
    // In sequence, so that each hands over to the remaining members.
    for (const member of leaving) await member.down();
    await this.#saveState();
  }

  /** Restarts the members in sequence and gracefully, each when all are ready. */
  async roll(names: readonly string[], signal: AbortSignal): Promise<void> {
    for (const member of names.map((name) => this.member(name))) {
      await member.down();
      await member.up();
      if (member.planned.kind === "nats") await this.#current(member, signal);
      await this.ready(signal);
    }
  }

  /** Stops the services first, then the members that they need. */
  async down(): Promise<void> {
    const [nats, others] = [this.#natsOf(this.#members), this.#servicesOf(this.#members)];
    const registries = others.filter(({ planned }) => planned.kind === "registry");
    const rest = others.filter(({ planned }) => planned.kind !== "registry");
    for (const group of [rest, registries, nats]) await Promise.all(group.map((member) => member.down()));
    await this.#saveState();
  }

  /** Records that no process supervises the cluster any more. */
  async detach(): Promise<void> {
    this.#isUnsupervised = true;
    await this.#saveState();
  }

  state(): ClusterState {
    return {
      pid: this.#isUnsupervised ? noProcess : process.pid,
      url: this.#gatewayUrls(),
      shape: this.#shape,
      ports: this.#assignedPorts,
      members: this.#members.map((member) => ({
        name: member.name,
        kind: member.planned.kind,
        ports: member.planned.ports,
        pid: member.pid,
        restarts: member.restarts,
        lastEnd: member.lastEnd,
        log: member.log,
      })),
    };
  }

  #gatewayUrls(): string {
    const gateways = membersOf(this.#shape).filter(({ service }) => service === "gateway");
    const ports = gateways.map(({ name }) => this.#assignedPorts.services[name]?.http);
    return ports.map((port) => `http://127.0.0.1:${port ?? 0}`).join(",");
  }

  /** Starts the NATS servers. Servers that do not find each other soon may never do so, and are restarted. */
  async #natsUp(signal: AbortSignal): Promise<void> {
    const servers = this.#natsOf(this.#members);
    for (let attempt = 1; ; attempt++) {
      await Promise.all(servers.map((server) => server.up()));
      if (await this.#waitForNats(servers, signal)) return;
      if (attempt === natsAttempts) {
        const [{ name = "nats", log = "" } = {}] = servers;
        throw clusterErrors.memberFails({ name, ending: "did not find the others", log });
      }
      await Promise.all(servers.map((server) => server.down()));
    }
  }

  /** Waits until a NATS server has caught up. A restarted server may stay behind its leader until another restart. */
  async #current(server: Member, signal: AbortSignal): Promise<void> {
    const isCurrent = async () => (await readinessOf(server.planned)).isReady;
    for (let attempt = 1; attempt < natsAttempts; attempt++) {
      if (await this.#within(currentMs, isCurrent, signal)) return;
      await server.down();
      await server.up();
    }
  }

  #waitForNats(servers: readonly Member[], signal: AbortSignal): Promise<boolean> {
    return this.#within(togetherMs, () => isNatsReady(servers.map(({ planned }) => planned)), signal);
  }

  /** Returns whether the condition holds within the time. */
  async #within(ms: number, condition: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const { clock, timers } = this.#ports;
    const untilMs = clock.monotonic() + ms;
    while (clock.monotonic() < untilMs) {
      if (await condition()) return true;
      await sleep(timers, pollMs, signal);
    }
    return false;
  }

  #natsOf(members: readonly Member[]): readonly Member[] {
    return members.filter(({ planned }) => planned.kind === "nats");
  }

  #servicesOf(members: readonly Member[]): readonly Member[] {
    return members.filter(({ planned }) => planned.kind !== "nats");
  }

  #memberOf(planned: Plan["members"][number]): Member {
    const { directory, natsServer, moduleOf, args = [], environment = process.env } = this.#options;
    const { name, kind } = planned;
    const log = join(directory, "logs", `${name}.log`);
    const command: readonly [string, ...string[]] =
      kind === "nats"
        ? [natsServer, ...planned.args]
        : [process.execPath, moduleOf(kind), ...planned.args, ...args];
    const program = { command, directory, log, environment };
    // A full disk must not end the supervisor. The next change writes the state again.
    const onChange = () => void this.#saveState().catch(() => {});
    const onLost = () => this.#options.onLost?.(member);
    const member: Member = new Member({ ...this.#ports, planned, program, onChange, onLost });
    return member;
  }

  #saveState(): Promise<void> {
    const written = this.#writing.then(() => writeState(this.#options.directory, this.state()));
    this.#writing = written.catch(() => {});
    this.#options.onChange?.();
    return written;
  }
}

/** Returns whether a port is free, or soon is: another process that looks for ports listens on it for a moment. */
async function isLeftFree(port: number): Promise<boolean> {
  const found = await pollFor(async () => ((await isPortFree(port)) ? true : undefined), probeMs);
  return found === true;
}

/** Returns a port that is free together with the next one, as `--port` needs it. */
async function freePairAfter(port: number): Promise<number> {
  for (let free = port + 10; free < 65_000; free += 10)
    if ((await isPortFree(free)) && (await isPortFree(free + 1))) return free;
  return 0;
}

/** Returns the ports with the requested ones for the first gateway. All other members keep their ports. */
function withFront(before: Ports | undefined, http: number): Ports | undefined {
  if (http === 0) return before;
  const { nats = {}, services = {} } = before ?? {};
  return { nats, services: { ...services, "gateway-1": { http, grpc: http + 1 } } };
}

/** Creates lines to the ports without one. */
async function linesTo(
  ports: Ports,
  { lineTo }: ClusterOptions,
  known: PortMap = new Map(),
): Promise<PortMap> {
  if (lineTo === undefined) return known;
  const without = innerPortsOf(ports).filter((port) => !known.has(port));
  return new Map(await Promise.all(without.map(async (port) => [port, await lineTo(port)] as const)));
}

async function writeFiles({ files }: Plan): Promise<void> {
  await Promise.all(files.map(({ path, text }) => writeFile(path, text)));
}

/** Ends the remaining processes of a cluster whose supervisor was killed. Returns their number. */
export async function endLeftovers({ members }: ClusterState, directory: string): Promise<number> {
  const running = members.flatMap(({ pid }) => (pid !== undefined && isAlive(pid) ? [pid] : []));
  const ours = await Promise.all(running.map((pid) => isOurs(pid, directory)));
  const remaining = running.filter((_, index) => ours[index]);
  for (const pid of remaining) process.kill(pid, "SIGKILL");
  while (remaining.some(isAlive)) await sleep(systemTimers, pollMs);
  return remaining.length;
}

/** Whether a process is of the cluster. Process ids are reused, but ours have a file of the directory as an argument. */
async function isOurs(pid: number, directory: string): Promise<boolean> {
  const { stdout } = await run("ps", ["-o", "args=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.includes(directory);
}
