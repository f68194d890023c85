// @ts-check

// A folder outside of the clone, as for a new user: packages from a registry, and `npx tutti dev`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { workspaceRoot } from "../../setup.mjs";
import { run } from "../tree.mjs";

/**
 * Returns the environment of a new user with this Node.
 *
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentWith(node) {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((each) => !each.includes("node_modules"));
  const own = Object.entries(process.env).filter(
    // Trusted certificates of the machine stay. Without them npm retries each request for minutes.
    ([name]) => name === "NODE_EXTRA_CA_CERTS" || !/^(npm_|NX_|NODE_|TUTTI_|CI$|FORCE_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(own), PATH: [dirname(node), ...path].join(delimiter) };
}

/**
 * Packs a package of the workspace's node_modules, for a registry without an upstream.
 *
 * @param {string} name
 * @param {string} out
 * @returns {Promise<import("./registry.mjs").Published>}
 */
export async function packed(name, out) {
  const folder = join(workspaceRoot, "node_modules", name);
  mkdirSync(out, { recursive: true });
  const { code, output } = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", out], {
    cwd: folder,
    env: environmentWith(process.execPath),
  });
  const archive = output.trim().split("\n").at(-1) ?? "";
  if (code !== 0) throw new Error(`npm pack of ${name}: ${output}`);
  return { manifest: manifestIn(folder), archive: join(out, archive) };
}

/**
 * Returns the files in the installation guide, as a reader writes them.
 *
 * @returns {Record<string, string>} text by name
 */
export function filesOfGuide() {
  const guide = readFileSync(join(workspaceRoot, "docs", "guides", "install.md"), "utf8");
  const blocks = guide.matchAll(/^```\w+ [^\n]*file=(\S+)\n(.*?)^```$/gms);
  return Object.fromEntries([...blocks].map(([, name = "", text = ""]) => [name, text]));
}

/** @param {string} folder */
export function manifestIn(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** Returns a free port whose next port is free too. `--port auto` would use 7400, which other tests need. */
async function freePair() {
  for (;;) {
    const first = await listening(0);
    const { port } = /** @type {import("node:net").AddressInfo} */ (first.address());
    const second = await listening(port + 1).catch(() => undefined);
    for (const server of [first, second]) server?.close();
    if (second !== undefined) return port;
  }
}

/** @param {number} port @returns {Promise<import("node:net").Server>} */
async function listening(port) {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/**
 * Starts `npx tutti dev`, and waits until the platform is ready.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} command
 */
export async function startDev(t, cwd, env, [program = "", ...words] = ["npx", "tutti", "dev"]) {
  // In a separate group, as in a terminal, where Ctrl-C goes to the group.
  const child = spawn(program, [...words, "--port", String(await freePair())], {
    ...{ cwd, env, detached: true },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Its end, and the end of all processes that it has started.
  const closed = once(child, "close");
  const group = -Number(child.pid);
  t.after(() => {
    try {
      process.kill(group, "SIGKILL");
    } catch {
      // It ended, as it should.
    }
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  /** @type {Promise<{ http: string, grpc: string }>} */
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      const { msg, http, grpc } = line.startsWith("{") ? JSON.parse(line) : {};
      if (msg === "ready" && http !== undefined) resolve({ http, grpc });
    });
    closed.then(([code]) => reject(new Error(`exited with code ${code}:\n${output}`)), reject);
  });
  return {
    ...(await ready),
    /** Returns the output so far. */
    said: () => output,
    /** Sends Ctrl-C, and waits until all processes have ended. */
    stop: async () => {
      process.kill(group, "SIGINT");
      await closed;
    },
    /** Sends SIGTERM to the command alone, as a supervisor does. Returns its exit code. */
    terminate: async () => {
      child.kill("SIGTERM");
      const [code] = await closed;
      return code;
    },
  };
}

/**
 * Starts `npx tutti cluster up` with one NATS server, and waits until all processes are ready.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
export async function startCluster(t, cwd, env) {
  const port = await freePair();
  const child = spawn("npx", ["tutti", "cluster", "up", "--nats", "1", "--port", String(port), "--json"], {
    ...{ cwd, env, detached: true },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  t.after(async () => {
    process.kill(-Number(child.pid), "SIGINT");
    await closed;
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  /** @type {Promise<{ members: { name: string, pid: number }[] }>} */
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    closed.then(([code]) => reject(new Error(`exited with code ${code}:\n${output}`)), reject);
  });
  const { members } = await ready;
  return {
    http: `http://127.0.0.1:${port}`,
    pidOf: (/** @type {string} */ name) => Number(members.find((member) => member.name === name)?.pid),
  };
}
