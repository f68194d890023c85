// @ts-check

// The process of programs.ts: imports a program, and reports what it printed when nothing keeps the process alive.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";

let output = "";
/** @type {"none" | "running" | "ended"} */
let state = "none";

for (const stream of [process.stdout, process.stderr])
  stream.write = (/** @type {string | Uint8Array} */ chunk) => {
    output += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  };

/** @param {string} [failure] */
function report(failure) {
  state = "none";
  process.channel?.ref();
  process.send?.({ output, failure });
}

process.on(
  "message",
  (/** @type {{ file: string, folder: string, environment: Record<string, string> }} */ task) => {
    const { file, folder, environment } = task;
    output = "";
    state = "running";
    process.chdir(folder);
    for (const name of ["TUTTI_SERVER", "TUTTI_ADDRESS"]) delete process.env[name];
    Object.assign(process.env, environment);
    process.channel?.unref();
    import(pathToFileURL(join(folder, file)).href).then(
      () => {
        state = "ended";
      },
      (error) => report(inspect(error)),
    );
  },
);
process.on("uncaughtException", (error) => report(inspect(error)));
process.on("beforeExit", () => {
  if (state !== "none") report(state === "running" ? "it awaits what never comes" : undefined);
});
