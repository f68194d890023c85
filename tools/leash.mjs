// Imported by launch.mjs into the script that it starts: when the launching process is gone, however it went, the
// script is asked to stop, and with `?group` all that it started. Without this a killed `npm start` would leave a
// platform that holds its ports and its data.
//
// Threads are started with the same options, and get here too. They have to leave the pipe alone: each would close it at
// its end, below the others that wait for it, and Node ends itself when a descriptor is gone that it waits for.

import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const launcher = new Socket({ fd: 3, readable: true, writable: false });
  launcher.on("error", () => {});
  const victim =
    import.meta.url.endsWith("?group") && process.platform !== "win32" ? -process.pid : process.pid;
  launcher.on("close", () => process.kill(victim, "SIGTERM"));
  launcher.resume();
  launcher.unref();
}
