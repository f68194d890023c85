// @ts-check

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { treeOf, write } from "./tree.mjs";

const tools = join(import.meta.dirname, "..");

/**
 * Returns a workspace that needs no set-up, with a platform that prints its arguments and signals.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} main the platform
 */
function workspace(t, main) {
  const root = treeOf(t, {
    "package.json":
      '{ "name": "small", "workspaces": ["part"], "scripts": { "start": "node tools/start.mjs" } }\n',
    "package-lock.json":
      '{ "name": "small", "lockfileVersion": 3, "requires": true, "packages": { "": { "name": "small", "workspaces": ["part"] }, "part": {}, "node_modules/part": { "resolved": "part", "link": true } } }\n',
    "part/package.json": '{ "name": "part" }\n',
    "proto/.keep": "",
    "tools/generate.mjs":
      'import { mkdirSync } from "node:fs"; mkdirSync("libs/contracts/src/generated", { recursive: true });\n',
    "tools/generate/.keep": "",
    "apps/platform/src/main.ts": main,
  });
  for (const name of [
    "start",
    "node-version",
    "launch",
    "child",
    "setup",
    "fronts",
    "lock",
    "leash",
    "stacks",
    "dev",
    "nats",
    "ports",
    "preset",
    "programs",
    "debian",
  ])
    cpSync(join(tools, `${name}.mjs`), join(root, "tools", `${name}.mjs`));
  return root;
}

/** Prints that it is ready, then every signal. The second one ends it. */
const patient = `
let signals = 0;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {
  console.log(signal);
  signals += 1;
  if (signals === 2) process.exit(9);
});
console.log("ready", process.pid);
setInterval(() => {}, 1000);
`;

/**
 * @param {import("node:test").TestContext} t
 * @param {string} root
 * @param {string} command
 * @param {string[]} args
 */
function start(t, root, command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const exited = once(child, "exit");
  t.after(() => {
    try {
      process.kill(-Number(child.pid), "SIGKILL");
    } catch {
      // It ended, as it should.
    }
  });
  /** @type {string[]} */
  const lines = [];
  const reader = createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) });
  /** @type {Array<() => void>} */
  const waiting = [];
  let isClosed = false;
  const wakeAll = () => {
    for (const wake of waiting.splice(0)) wake();
  };
  reader.on("line", (line) => {
    lines.push(line);
    wakeAll();
  });
  reader.once("close", () => {
    isClosed = true;
    wakeAll();
  });
  /** @param {RegExp} pattern */
  const until = async (pattern, from = 0) => {
    for (;;) {
      const found = lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      assert.ok(!isClosed, `it ended without a line like ${pattern}: ${lines.join("; ")}`);
      await new Promise((resolve) => waiting.push(() => resolve(undefined)));
    }
  };
  return { child, lines, until, exited, closed: once(reader, "close") };
}

describe("start", () => {
  it("hands arguments and the exit code on", async (t) => {
    const root = workspace(t, "console.log(process.argv.slice(2).join()); process.exit(7);\n");
    const { lines, exited } = start(t, root, process.execPath, ["tools/start.mjs", "--a", "b"]);
    assert.deepEqual(await exited, [7, null]);
    assert.deepEqual(lines, ["--a,b"]);
  });

  it("hands a signal on once, though a terminal sends it to every process, and a second one as a second one", async (t) => {
    const root = workspace(t, patient);
    const { child, lines, until, exited, closed } = start(t, root, process.execPath, ["tools/start.mjs"]);
    await until(/ready/);
    const group = -Number(child.pid);
    process.kill(group, "SIGINT");
    process.kill(group, "SIGINT");
    await until(/SIGINT/);
    // A signal within a moment of the first one counts as the same. This one comes later.
    await new Promise((resolve) => setTimeout(resolve, 450));
    process.kill(group, "SIGTERM");
    assert.deepEqual(await exited, [9, null]);
    await closed;
    assert.deepEqual(lines.slice(1), ["SIGINT", "SIGTERM"]);
  });

  it("holds on by one thread: what others end with closes nothing of the platform", async (t) => {
    const root = workspace(
      t,
      `
import { fstatSync } from "node:fs";
import { Worker } from "node:worker_threads";
process.on("SIGTERM", () => process.exit(0));
const stay = "import { parentPort } from 'node:worker_threads'; setInterval(() => {}, 10); parentPort.postMessage(1);";
const threads = Array.from({ length: 3 }, () => new Worker(new URL("data:text/javascript," + stay)));
await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once("message", resolve))));
for (const thread of threads) {
  await thread.terminate();
}
fstatSync(3);
console.log("threads have ended");
setInterval(() => {}, 1000);
`,
    );
    const { child, until, exited } = start(t, root, process.execPath, ["tools/start.mjs"]);
    await until(/threads have ended/);
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  });

  it("ends the platform also when it is killed itself", async (t) => {
    const root = workspace(t, patient);
    const { child, until, exited, closed } = start(t, root, process.execPath, ["tools/start.mjs"]);
    const platform = Number((await until(/ready/)).split(" ")[1]);
    child.kill("SIGKILL");
    await exited;
    await until(/SIGTERM/);
    process.kill(platform, "SIGTERM");
    await closed;
  });

  it("stops the platform when npm must stop, though the shell between them does not forward the signal", async (t) => {
    const root = workspace(t, patient);
    const { child, until, exited, closed } = start(t, root, "npm", ["start"]);
    const platform = Number((await until(/ready/)).split(" ")[1]);
    child.kill("SIGTERM");
    await exited;
    await until(/SIGTERM/);
    process.kill(platform, "SIGTERM");
    await closed;
  });

  it("--dev stops the platform gracefully after a change of its sources, and starts the changed one", async (t) => {
    const root = workspace(t, 'import "../../../libs/part/src/version.ts";\n');
    const version = (/** @type {number} */ number) =>
      write(root, {
        "libs/part/src/version.ts": `process.on("SIGTERM", () => { console.log("stopped ${number}"); process.exit(0); });
          console.log("version ${number}", process.argv.slice(2).join());
          setInterval(() => {}, 1000);\n`,
      });
    version(1);
    const { child, lines, until, exited } = start(t, root, process.execPath, [
      "tools/start.mjs",
      "--dev",
      "--a",
    ]);
    await until(/version 1/);
    version(2);
    await until(/version 2/);
    write(root, { "libs/part/src/version.test.ts": "" });
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(lines, ["version 1 --a", "stopped 1", "version 2 --a", "stopped 2"]);
  });

  it("loads the last bundle while the set-up is checked, and drops it if the sources have changed", async (t) => {
    const root = workspace(t, "console.log('from source');\n");
    write(root, {
      "tools/build.mjs": `import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
        const out = process.argv.at(-1);
        mkdirSync(out, { recursive: true });
        writeFileSync(out + "/main.cjs", "");
        const version = readFileSync("src/main.ts", "utf8").length;
        writeFileSync(out + "/main.mjs", \`
          const words = await globalThis[Symbol.for("tutti.held")];
          console.log("\${version}", words === undefined ? "new" : "held", [...process.argv.slice(2), ...(words ?? [])].join());
          process.exit(3);\`);\n`,
    });
    const startOnce = async () => {
      const { lines, exited, closed } = start(t, root, process.execPath, ["tools/start.mjs", "--a", "b"]);
      assert.deepEqual(await exited, [3, null]);
      await closed;
      return lines;
    };
    assert.deepEqual(await startOnce(), ["28 new --a,b"]);
    assert.deepEqual(await startOnce(), ["28 held --a,b"]);
    write(root, { "apps/platform/src/main.ts": "changed" });
    assert.deepEqual(await startOnce(), ["7 new --a,b"]);
    assert.deepEqual(await startOnce(), ["7 held --a,b"]);
  });

  it("says in one line what is wrong, without a stack", async (t) => {
    const root = workspace(t, "");
    const child = spawn(process.execPath, ["tools/start.mjs"], {
      cwd: root,
      env: { PATH: "" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
    assert.deepEqual(await once(child, "close"), [1, null]);
    assert.equal(
      output,
      "tutti: installing packages (npm ci)\ntutti: npm is not on PATH. It comes with Node: install Node 18 or newer from https://nodejs.org\n",
    );
  });
});
