/** The programs of this repository as processes, with flags for all tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serviceProgram } from "../../../../tools/fronts.mjs";
import { type ProcessOptions, TestProcess } from "./process.ts";

export interface Service extends TestProcess {
  /** `http://127.0.0.1:45678`: health, status and metrics. */
  readonly http: string;
  /** `127.0.0.1:45679`: the address of its rpcs. */
  readonly grpc: string;
  readonly processId: string;
}

const notes = fileURLToPath(new URL("../programs/notes.ts", import.meta.url));

export type ServiceName =
  | "platform"
  | "registry"
  | "governance"
  | "insight"
  | "master"
  | "swarm"
  | "workflow"
  | "notes";

/** Starts a process without waiting for it. */
export function launch(
  name: ServiceName,
  flags: readonly string[] = [],
  options: Omit<ProcessOptions, "program" | "arguments"> = {},
): TestProcess {
  return new TestProcess({
    ...options,
    program: name === "notes" ? notes : serviceProgram(name),
    arguments: ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json", ...flags],
  });
}

/** Waits until a process is ready and knows its addresses. */
export async function ready(process: TestProcess): Promise<Service> {
  const { http, grpc, instance } = await process.line("ready");
  return Object.assign(process, { http: String(http), grpc: String(grpc), processId: String(instance) });
}

/** Starts a process and waits until it is ready. If it is not ready in time, it does not outlive the test. */
export async function start(...args: Parameters<typeof launch>): Promise<Service> {
  const process = launch(...args);
  try {
    return await ready(process);
  } catch (error) {
    await process.kill();
    throw error;
  }
}

/** Returns the setting with the addresses of registries. */
export function registriesAt(...services: readonly Pick<Service, "grpc">[]): string {
  return `--mesh.peers=${JSON.stringify({ registry: services.map(({ grpc }) => grpc) })}`;
}

/** Returns the settings that store and share all data over a NATS server, with frequent lookups. */
export function usingNats(address: string): string[] {
  return [
    "--registry.store=nats",
    "--bus.transport=nats",
    `--nats.servers=["${address}"]`,
    "--nats.retryFirstMs=20",
    "--nats.retryMaxMs=200",
  ];
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** Creates a folder that is removed after the test. A process that is still stopping may write to it in the meantime. */
export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "tutti-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) };
}
