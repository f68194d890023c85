/**
 * Real servers for tests: separate processes on free loopback ports, with their files in separate folders. They are
 * ended by their process id, and end with the test process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep, systemTimers } from "@tutti/kernel";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { isComplete } from "../local/group-view.ts";
import { freePort, freePorts } from "../local/ports.ts";
import { natsServerProgram } from "./program.ts";

export interface NatsServerOptions {
  /** Default: true. A text adds to its block, such as `sync_interval: always`. */
  readonly jetstream?: boolean | string;
  /** Directory of JetStream's files. Default: a new folder, removed at the end. */
  readonly dir?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Further configuration of the server, in its own language. */
  readonly configuration?: string;
  /** Allows this process to end while the server runs: the server ends with it. Default: false. */
  readonly isBackground?: boolean;
}

export interface NatsServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly port: number;
  readonly dir: string;
  /** The process id. Undefined while it is down. */
  readonly pid: number | undefined;
  /** Ends it gracefully, or at once (`kill`), keeping port and files. */
  down(mode?: "stop" | "kill"): Promise<void>;
  /** Starts it again on the same port with the same files. */
  up(): Promise<void>;
  /** Ends it and removes its files. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const port = options.port ?? (await freePort());
  const server = await LocalServer.create(options, port, options.configuration ?? "");
  await server.up();
  return server;
}

export interface NatsClusterOptions {
  /** Default: 3. */
  readonly size?: number;
  /** Further configuration of each server. */
  readonly configuration?: string;
}

export type NatsCluster = readonly NatsServer[] & AsyncDisposable;

/** Returns a cluster with JetStream. Default: three servers. Resolves when streams can be on all of them. */
export async function startNatsCluster(options: NatsClusterOptions = {}): Promise<NatsCluster> {
  for (let attempts = 1; ; attempts++) {
    const { cluster, monitors } = await launch(options);
    if (await hasLeader(monitors)) return cluster;
    // In one of twenty starts, 2.10.27 permanently loses the joining of a server to the group that decides.
    await cluster[Symbol.asyncDispose]();
    if (attempts === 5)
      throw new Error(`no cluster of ${cluster.length} came together in ${attempts} attempts`);
  }
}

async function launch({ size = 3, configuration = "" }: NatsClusterOptions) {
  const ports = await freePorts(size * 3);
  const routes = ports.slice(size, size * 2).map((port) => `nats://127.0.0.1:${port}`);
  const monitors = ports.slice(size * 2);
  const servers = await Promise.all(
    routes.map((route, index) => {
      const listen = route.slice("nats://".length);
      const block = `server_name: n${index}
http: "127.0.0.1:${monitors[index]}"
cluster { name: test, listen: "${listen}", routes: [${routes.map((each) => `"${each}"`)}] }
${configuration}`;
      return LocalServer.create({}, ports[index] ?? 0, block);
    }),
  );
  await Promise.all(servers.map((server) => server.up()));
  const cluster: NatsCluster = Object.assign(servers, {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  });
  return { cluster, monitors };
}

/** Returns whether a leader emerges that all servers know and follow. */
async function hasLeader(monitors: readonly number[]): Promise<boolean> {
  for (let attempts = 1; attempts <= 100; attempts++) {
    if (await isComplete(monitors)) return true;
    await sleep(systemTimers, 20);
  }
  return false;
}

class LocalServer implements NatsServer {
  readonly port: number;
  readonly dir: string;
  readonly #program: string;
  readonly #configuration: string;
  readonly #ownDir: boolean;
  readonly #isBackground: boolean;
  #process: ChildProcess | undefined;

  private constructor(
    { dir: existingDir, isBackground = false }: NatsServerOptions,
    { program, port, dir }: { readonly program: string; readonly port: number; readonly dir: string },
    configuration: string,
  ) {
    this.#program = program;
    this.port = port;
    this.dir = dir;
    this.#ownDir = existingDir === undefined;
    this.#isBackground = isBackground;
    this.#configuration = configuration;
  }

  static async create(options: NatsServerOptions, port: number, more: string): Promise<LocalServer> {
    const program = await natsServerProgram();
    if (program.skip !== false) throw new Error(program.skip);
    const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "tutti-nats-")));
    endWithProcess(dir);
    const block = `store_dir: ${JSON.stringify(join(dir, "jetstream"))}`;
    const details = typeof options.jetstream === "string" ? options.jetstream : "";
    const jetstream = options.jetstream === false ? "" : `jetstream { ${block}\n${details} }`;
    const text = `listen: "127.0.0.1:${port}"\n${jetstream}\n${more}\n`;
    return new LocalServer(options, { program: program.path, port, dir }, text);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async up(): Promise<void> {
    if (this.#process !== undefined) return;
    const file = join(this.dir, `server-${this.port}.conf`);
    await writeFile(file, this.#configuration);
    const child = spawn(this.#program, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    process.once("exit", this.#kill);
    await ready(child);
    if (!this.#isBackground) return;
    child.unref();
    (child.stderr as Socket).unref();
  }

  async down(mode: "stop" | "kill" = "stop"): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    process.off("exit", this.#kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once("exit", () => resolve());
    child.kill(mode === "kill" ? "SIGKILL" : "SIGTERM");
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down("kill");
    if (this.#ownDir) await rm(this.dir, { recursive: true, force: true });
  }

  readonly #kill = (): void => {
    this.#process?.kill("SIGKILL");
    if (this.#isBackground && this.#ownDir) rmSync(this.dir, { recursive: true, force: true });
  };
}

/** Resolves when the server reports that it listens. Rejects with its log if it ends before. */
function ready(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let log = "";
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    // Read until it ends, or the server would block on a full pipe.
    if (log.length < 100_000) log += text;
    if (log.includes("Server is ready")) resolve();
  });
  child.once("error", reject);
  child.once("exit", (code) =>
    reject(new Error(`nats-server ended with ${code} before it was ready:\n${log}`)),
  );
  return promise;
}
