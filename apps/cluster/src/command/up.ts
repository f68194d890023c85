/**
 * Starts a cluster, supervises it until it is asked to stop, and changes it when another process requests another
 * shape.
 */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { asTyped, programFileOf, systemClock } from "@tutti/kernel";
import { isServerAccepted, leastServerVersion } from "@tutti/nats";
import { requireFinished } from "../backup/unfinished.ts";
import { clusterErrors } from "../errors.ts";
import { services, usualShape } from "../plan/shape.ts";
import { Cluster } from "../running/cluster.ts";
import { readinessOfAll } from "../running/readiness.ts";
import { readRequestedShape, readState } from "../running/state-file.ts";
import { type Counts, frontPortOf, shapeWith } from "./shape-options.ts";
import { tableOf } from "./table.ts";

export interface UpOptions extends Counts {
  readonly directory: string;
  readonly "nats-server": string;
  readonly port?: string;
  readonly plain: boolean;
  /** Name of a pause. Empty: a name for this start. */
  readonly paused?: string;
  /** Folder with a bundle for each service. Default: the sources of the services. */
  readonly bundles?: string;
  readonly set: readonly string[];
  readonly json: boolean;
}

const run = promisify(execFile);
const print = (line: string): void => {
  process.stderr.write(`tutti cluster: ${asTyped(line, process.env)}\n`);
};

export async function up(options: UpOptions): Promise<number> {
  const { directory, plain, set, json, bundles } = options;
  const natsServer = options["nats-server"];
  await requireServer(natsServer);
  await requireFinished(directory);
  const state = await readState(directory);
  const before = (await readRequestedShape(directory)) ?? state?.shape;
  const usual = before ?? { ...usualShape, isProtected: !plain };
  const stopping = new AbortController();
  let isUp = false;
  const cluster = await Cluster.create({
    directory,
    natsServer,
    moduleOf: bundles === undefined ? moduleOf : (service) => resolve(bundles, `${service}.mjs`),
    shape: shapeWith(usual, countsOf(options)),
    frontPort: frontPortOf(options.port, state?.ports),
    args: [...set.map((setting) => `--${setting}`), ...pauseOf(options)],
    onLost: ({ name, lastEnd, log, isMisconfigured }) => {
      // The start of the cluster fails with the reason.
      if (isUp || !isMisconfigured) print(`${name} ${lastEnd}. Restarting it. Log: ${log}`);
    },
  });
  await cluster.requireFreePorts();
  const ended = Promise.withResolvers<void>();
  let reshaping = Promise.resolve();
  const end = (): void => {
    stopping.abort();
    ended.resolve();
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  process.on("SIGHUP", () => {
    reshaping = reshaping.then(() => reshape(cluster, directory, stopping.signal)).catch(printError);
  });
  try {
    print(`starting ${cluster.members.length} processes. Logs: ${directory}/logs`);
    await cluster.up(stopping.signal);
    isUp = true;
    if (json) process.stdout.write(`${JSON.stringify(cluster.state())}\n`);
    else process.stdout.write(`${await currentTable(cluster)}\nPress Ctrl-C to shut down the cluster.\n`);
    await ended.promise;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    print("shutting down");
    await reshaping;
    await cluster.down();
  }
  return 0;
}

async function reshape(cluster: Cluster, directory: string, signal: AbortSignal): Promise<void> {
  const requested = await readRequestedShape(directory);
  if (requested === undefined) return;
  await cluster.reshape(
    { ...requested, partitions: cluster.shape.partitions, nats: cluster.shape.nats },
    signal,
  );
  print(`now ${cluster.members.length} processes`);
}

async function currentTable(cluster: Cluster): Promise<string> {
  const state = cluster.state();
  return tableOf(state, await readinessOfAll(state.members));
}

function printError(error: unknown): void {
  print(error instanceof Error ? error.message : String(error));
}

/** Returns the module of a service: its bundle in an installation, its sources in a clone. */
export function moduleOf(service: string): string {
  const source = new URL(`../../../${service}/src/main.ts`, import.meta.url);
  return fileURLToPath(programFileOf(import.meta.url, source, `./${service}.mjs`));
}

export async function requireServer(program: string): Promise<void> {
  const output = await run(program, ["--version"]).catch(() => undefined);
  const version = output?.stdout.match(/v?(\d+\.\d+\.\d+)/)?.[1];
  if (version === undefined || !isServerAccepted(version))
    throw clusterErrors.noNatsServer({
      tried:
        version === undefined ? program : `${program}, which is ${version}, older than ${leastServerVersion}`,
    });
}

/** Returns the pause argument. A new name for each start pauses the cluster once: restarted processes stay active. */
function pauseOf({ paused }: UpOptions): readonly string[] {
  if (paused === undefined) return [];
  return [
    `--durable.pause=${paused === "" ? `paused-${new Date(systemClock.now()).toISOString()}` : paused}`,
  ];
}

export function countsOf(options: Counts): Counts {
  return Object.fromEntries(
    (["nats", ...services, "partitions"] as const).map((name) => [name, options[name]]),
  );
}
