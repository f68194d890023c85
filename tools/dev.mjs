// @ts-check

// `npm run dev`: the platform from source. After a change in apps/ or libs/ it shuts down gracefully and starts again.
// If it ends by itself, it starts again after the next change.
//
// `node --watch` has the same purpose, but it gives the platform no pipe to its launcher, which the leash needs.

import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { say } from "./launch.mjs";
import { workspaceRoot } from "./setup.mjs";

/** An editor writes several files, and each several times. */
const settleMs = 150;
const isSource = (/** @type {string | null} */ file) =>
  file !== null &&
  /\.(ts|json|proto)$/.test(file) &&
  !/(^|[\\/])(node_modules|dist|test|\.[^\\/]*)[\\/]|^(dashboard|cli)[\\/]|\.(test|io|nightly|slow|fixture)\.ts$/.test(
    file,
  );

const leash = pathToFileURL(join(workspaceRoot, "tools", "leash.mjs")).href;
const main = join(workspaceRoot, "apps", "platform", "src", "main.ts");

/** @type {import("node:child_process").ChildProcess | undefined} */
let platform;
let isStopping = false;
let isChanged = false;

function start() {
  isChanged = false;
  platform = spawn(process.execPath, ["--import", leash, main, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
  });
  platform.on("exit", (code, signal) => {
    platform = undefined;
    if (isStopping) process.exit(code ?? 1);
    if (isChanged) start();
    else say(`the platform exited (${signal ?? code}). It restarts after the next change`);
  });
}

/** @type {NodeJS.Timeout | undefined} */
let settling;
/** @param {string} root @param {string | null} file */
function changed(root, file) {
  if (isStopping || !isSource(file)) return;
  clearTimeout(settling);
  settling = setTimeout(() => {
    say(`${root}/${file} changed: restarting the platform`);
    if (platform === undefined) return start();
    isChanged = true;
    platform.kill("SIGTERM");
  }, settleMs);
}

for (const root of ["apps", "libs"])
  watch(join(workspaceRoot, root), { recursive: true }, (_, file) => changed(root, file));
for (const signal of /** @type {NodeJS.Signals[]} */ (["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]))
  process.on(signal, () => {
    isStopping = true;
    if (platform === undefined) process.exit(0);
    platform.kill(signal);
  });

start();
