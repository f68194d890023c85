// Imported by launch.mjs into the script that it starts. When the launching process has ended in any way, the script is
// asked to stop, and with `?group` also all processes that it has started. Otherwise a killed `npm start` would leave a
// platform with its ports and its data.
//
// With `?held`, the script may load, and then waits for its words: a line of JSON from the launching process. boot.mjs
// waits for them.
//
// Threads start with the same options, and import this file too. They must not use the pipe. Each would close it at its
// end while others wait for it, and Node aborts when a descriptor closes that it waits for.

import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const manner = new URL(import.meta.url).searchParams;
  const launcher = new Socket({ fd: 3, readable: true, writable: false });
  launcher.on("error", () => {});
  const victim = manner.has("group") && process.platform !== "win32" ? -process.pid : process.pid;
  launcher.on("close", () => process.kill(victim, "SIGTERM"));
  if (manner.has("held"))
    globalThis[Symbol.for("tutti.held")] = new Promise((resolve) => {
      let line = "";
      launcher.setEncoding("utf8").on("data", (text) => {
        line += text;
        if (!line.endsWith("\n")) return;
        launcher.unref();
        resolve(JSON.parse(line));
      });
    });
  else launcher.resume().unref();
}
