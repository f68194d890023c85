/** Injects faults into a cluster under load, in sequence, and judges the outcome. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SmallDisk } from "@tutti/host/testing";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { seededChance } from "@tutti/kernel/testing";
import { serviceProgram } from "../../../../tools/fronts.mjs";
import { addressesOf, Cluster, type Shape } from "../../src/index.ts";
import { createSkews, type Fault, faults, type Surroundings } from "./faults.ts";
import { Front } from "./front.ts";
import { Line } from "./links.ts";
import { Load, type LoadReport } from "./load.ts";
import { type Judged, Recorder } from "./recorder.ts";

export interface DrillOptions {
  readonly directory: string;
  readonly natsServer: string;
  readonly shape: Shape;
  readonly seed: number;
  readonly forMs: number;
  /** Only faults whose names start with one of these. Default: all. */
  readonly only?: readonly string[];
  /** Milliseconds between two pieces of work, and between two calls of a recorded client. */
  readonly paceMs?: number;
  readonly log: (line: string) => void;
}

/** Time from the start of a fault until everything was served again. */
interface Recovery {
  readonly fault: string;
  readonly ms: number;
  readonly goalMs: number | undefined;
}

export interface DrillReport {
  readonly seed: number;
  readonly recoveries: readonly Recovery[];
  readonly load: LoadReport;
  readonly things: readonly Judged[];
  readonly restarts: number;
}

const workClients = 4;
const recordedClients = 6;
const probes = 12;
const restMs = 2_000;
const patienceMs = 60_000;
/** Time for the answer of a member that is ready. */
const probeMs = 2_000;
/** Time that started work may take to end after the last fault. */
const endsWithinMs = 180_000;

export async function drill(options: DrillOptions): Promise<DrillReport> {
  const { directory, shape, seed, log } = options;
  const chance = seededChance(seed);
  const lines = new Map<number, Line>();
  const over = new AbortController();
  const pressing = new AbortController();
  await mkdir(directory, { recursive: true });
  endWithProcess(directory);
  await createSkews(directory);
  const disks = await disksIn(join(directory, "cluster"));
  const cluster = await Cluster.create({
    ...{ directory: join(directory, "cluster"), shape, natsServer: options.natsServer },
    moduleOf: serviceProgram,
    environment: {
      ...process.env,
      NODE_OPTIONS: `--import=${new URL("skew.mjs", import.meta.url).href}`,
      CHAOS_DIRECTORY: directory,
    },
    lineTo: async (port) => {
      const line = await Line.to(port);
      lines.set(port, line);
      return line.port;
    },
  });
  const gateways = cluster.members.filter(({ planned }) => planned.kind === "gateway");
  const addresses = gateways.map(({ planned }) => addressesOf(planned).http);
  const run = `drill-${seed}`;
  const front = new Front(addresses);
  const links = addresses.map((address) => `${address.replace("http:", "ws:")}/v1/link`);
  const load = new Load(front, chance, run, links);
  const recorder = new Recorder(front, chance, run);
  try {
    await cluster.up(over.signal);
    log(`${cluster.members.length} processes are ready`);
    const preparing = AbortSignal.timeout(patienceMs);
    await load.prepare(preparing);
    await recorder.prepare(preparing);
    const { paceMs = 150 } = options;
    const clients = [
      ...Array.from({ length: workClients }, () => load.client(paceMs * workClients, pressing.signal)),
      ...Array.from({ length: recordedClients }, (_, number) =>
        recorder.client(`client-${number}`, paceMs, pressing.signal),
      ),
    ];
    const surroundings = { cluster, lines, disks, directory, chance, signal: over.signal };
    const prober = new Prober(load, run, over.signal);
    const happening = happen(options, surroundings, prober).finally(() => pressing.abort());
    // A rejected client ends the drill.
    const [recoveries] = await Promise.all([happening, ...clients]);
    log(`waiting for the end of ${load.count} pieces of work`);
    const report = {
      ...{ seed, recoveries },
      load: await load.judge(AbortSignal.timeout(endsWithinMs)),
      things: recorder.judge(),
      restarts: cluster.members.reduce((sum, { restarts }) => sum + restarts, 0),
    };
    const written = { ...report, things: report.things.map(({ history: _, ...judged }) => judged) };
    await writeFile(join(directory, "report.json"), JSON.stringify(written, undefined, 2));
    await writeFile(
      join(directory, "histories.json"),
      JSON.stringify(report.things.map(({ thing, history }) => ({ thing, history }))),
    );
    return report;
  } finally {
    pressing.abort();
    over.abort();
    await load.stop();
    await cluster.down();
    await Promise.all([...lines.values()].map((line) => line.close()));
    await Promise.all([...disks.values()].map((disk) => disk.close()));
  }
}

/** Injects the faults in sequence, each after recovery. No fault repeats before all others have occurred. */
async function happen(
  { forMs, only, log }: DrillOptions,
  surroundings: Surroundings,
  prober: Prober,
): Promise<readonly Recovery[]> {
  const { chance, cluster, signal } = surroundings;
  const candidates = faults.filter(
    ({ name, isPossible = () => true }) =>
      isPossible(surroundings) && (only === undefined || only.some((prefix) => name.startsWith(prefix))),
  );
  const untilMs = performance.now() + forMs;
  const recoveries: Recovery[] = [];
  let deck: Fault[] = [];
  while (performance.now() < untilMs && !signal.aborted) {
    if (deck.length === 0) deck = shuffled(candidates, () => chance.random());
    const fault = deck.pop();
    if (fault === undefined) throw new Error(`no fault starts with ${only?.join(" or ")}`);
    const sinceMs = performance.now();
    const end = await fault.inject(surroundings);
    const ending = pause(fault.lastsMs).then(end);
    await prober.everythingIsServed();
    const ms = performance.now() - sinceMs;
    await ending;
    recoveries.push({ fault: fault.name, ms, goalMs: fault.goalMs });
    log(`${fault.name}: served again after ${(ms / 1_000).toFixed(1)} s`);
    await readyAgain(cluster, signal);
    await prober.everythingIsServed();
    await pause(restMs);
  }
  return recoveries;
}

/**
 * Waits until every member is ready. A killed NATS server may stay behind its leader until another restart, while the
 * others serve everything. So such a server is restarted once, as `roll` does.
 */
async function readyAgain(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const isReadyWithin = (ms: number, members: Cluster["members"]) =>
    cluster.ready(AbortSignal.any([signal, AbortSignal.timeout(ms)]), members).then(
      () => true,
      () => false,
    );
  if (await isReadyWithin(patienceMs, cluster.members)) return;
  for (const member of cluster.members)
    if (member.planned.kind === "nats" && !(await isReadyWithin(probeMs, [member])))
      await cluster.roll([member.name], signal);
  await cluster.ready(AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
}

/** Size of a disk, more than streams reserve. */
const diskBytes = 2 ** 38;

/** Returns a small disk for one of three servers, so that the others continue. */
async function disksIn(directory: string): Promise<ReadonlyMap<string, SmallDisk>> {
  const name = "nats-1";
  const disk = await SmallDisk.at(join(directory, name), diskBytes);
  return new Map(disk === undefined ? [] : [[name, disk]]);
}

/** Starts runs of one step under many ids, so that each partition has one. */
class Prober {
  readonly #load: Load;
  readonly #run: string;
  readonly #over: AbortSignal;
  #number = 0;

  constructor(load: Load, run: string, over: AbortSignal) {
    this.#load = load;
    this.#run = run;
    this.#over = over;
  }

  async everythingIsServed(): Promise<void> {
    const signal = AbortSignal.any([this.#over, AbortSignal.timeout(patienceMs)]);
    const round = this.#number++;
    await Promise.all(
      Array.from({ length: probes }, (_, number) =>
        this.#load.probe(`${this.#run}-probe-${round}-${number}`, signal),
      ),
    );
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
