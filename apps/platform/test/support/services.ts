/** The programs of this repository as processes, with the flags that every test wants. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serviceProgram } from "../../../../tools/fronts.mjs";
import { type ProcessOptions, TestProcess } from "./process.ts";

export interface Service extends TestProcess {
  /** `http://127.0.0.1:45678`: health, status and metrics. */
  readonly http: string;
  /** `127.0.0.1:45679`: its rpcs. */
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

/** One that is not ready in time does not outlive the test that waited for it. */
export async function start(...given: Parameters<typeof launch>): Promise<Service> {
  const process = launch(...given);
  try {
    return await ready(process);
  } catch (error) {
    await process.kill();
    throw error;
  }
}

/** How a process learns the addresses of registries. */
export function registriesAt(...services: readonly Pick<Service, "grpc">[]): string {
  return `--mesh.peers=${JSON.stringify({ registry: services.map(({ grpc }) => grpc) })}`;
}

/** How a process is asked to keep and share everything over a NATS server, and to look for it often. */
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

/** Returns a folder that is gone after the test. A process that is still stopping may write to it meanwhile. */
export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "tutti-test-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 10 }) };
}
