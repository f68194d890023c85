/**
 * Restate from its npm packages: one node, or a cluster of three, each with its own data folder, and the called
 * services in a separate process. The packages are installed on first use, separate from the packages of the workspace.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { freePort } from "@tutti/nats/local";
import { startChild } from "./child.ts";
import { installPackages } from "./packages.ts";

const version = "1.7.12";
const sdkVersion = "1.17.2";
const readyMs = 60_000;

export interface RunningRestate extends AsyncDisposable {
  /** HTTP URL for calls of its services. */
  readonly http: string;
  readonly version: string;
}

/** @param nodes 1 or 3. With 3, a record counts when two nodes have it, the majority of three copies */
export async function startRestate(nodes: 1 | 3): Promise<RunningRestate> {
  const folder = await installRestate();
  const stack = new AsyncDisposableStack();
  try {
    const directory = await mkdtemp(join(tmpdir(), "tutti-bench-restate-"));
    endWithProcess(directory);
    stack.defer(() => rm(directory, { recursive: true, force: true }));
    const members = await Promise.all(
      Array.from({ length: nodes }, async (_, index) => ({
        name: `n${index + 1}`,
        fabric: await freePort(),
        ingress: await freePort(),
        admin: await freePort(),
      })),
    );
    const [first] = members as [(typeof members)[number]];
    for (const member of members) {
      const home = join(directory, member.name);
      await mkdir(home);
      const configuration = join(home, "restate.toml");
      await writeFile(configuration, configured(member, members, home));
      const child = spawn(
        join(folder, "node_modules/.bin/restate-server"),
        ["--config-file", configuration],
        { stdio: "ignore", detached: true },
      );
      const ended = once(child, "exit");
      stack.defer(async () => {
        try {
          process.kill(-(child.pid ?? 0), "SIGKILL");
        } catch {
          // It has ended already.
        }
        await ended;
      });
    }
    const sdk = pathToFileURL(join(folder, "node_modules/@restatedev/restate-sdk/dist/index.js")).href;
    const program = join(import.meta.dirname, "restate-services.mjs");
    const services = stack.use(
      await startChild([program, sdk], { until: (line) => /^port (\d+)$/.exec(line)?.[1] }),
    );
    await answers(`http://127.0.0.1:${first.admin}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri: `http://127.0.0.1:${services.output}` }),
    });
    const http = `http://127.0.0.1:${first.ingress}`;
    await answers(`${http}/chain/run`, { method: "POST" });
    const disposing = stack.move();
    return { http, version, [Symbol.asyncDispose]: () => disposing.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Member {
  readonly name: string;
  readonly fabric: number;
  readonly ingress: number;
  readonly admin: number;
}

function configured(
  { name, fabric, ingress, admin }: Member,
  members: readonly Member[],
  home: string,
): string {
  const addresses = members.map((member) => `"http://127.0.0.1:${member.fabric}/"`);
  return `node-name = "${name}"
cluster-name = "bench"
base-dir = "${home}"
listen-mode = "tcp"
bind-address = "127.0.0.1:${fabric}"
advertised-address = "http://127.0.0.1:${fabric}/"
auto-provision = ${name === "n1"}
default-replication = ${members.length === 1 ? 1 : 2}
default-num-partitions = 8
disable-telemetry = true

[metadata-client]
addresses = [${addresses.join(", ")}]

[ingress]
bind-address = "127.0.0.1:${ingress}"

[admin]
bind-address = "127.0.0.1:${admin}"
`;
}

/** Installs its packages, if they are missing. */
export function installRestate(): Promise<string> {
  const packages = [`@restatedev/restate-server@${version}`, `@restatedev/restate-sdk@${sdkVersion}`];
  return installPackages(`restate-${version}`, packages);
}

/** Repeats a request until it succeeds. */
async function answers(url: string, init: RequestInit): Promise<void> {
  const untilMs = Date.now() + readyMs;
  for (let found = "nothing"; ; await pause(250)) {
    try {
      const reply = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
      if (reply.ok) return;
      found = `${reply.status} ${await reply.text()}`;
    } catch (error) {
      found = String(error);
    }
    if (Date.now() > untilMs) throw new Error(`expected Restate to answer at ${url}, got ${found}`);
  }
}
