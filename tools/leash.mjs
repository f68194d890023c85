// Imported by launch.mjs into the script that it starts: when the launching process is gone, however it went, the
// script is asked to stop, and with `?group` all that it started. Without this a killed `npm start` would leave a
// platform that holds its ports and its data.

import { Socket } from "node:net";

const launcher = new Socket({ fd: 3, readable: true, writable: false });
launcher.on("error", () => {});
const victim =
  import.meta.url.endsWith("?group") && process.platform !== "win32" ? -process.pid : process.pid;
launcher.on("close", () => process.kill(victim, "SIGTERM"));
launcher.resume();
launcher.unref();
