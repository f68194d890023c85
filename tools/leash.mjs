// Imported by launch.mjs into the script that it starts: when the launching process is gone, however it went, the
// script is asked to stop. Without this a killed `npm start` would leave a platform that holds its ports and its data.

import { Socket } from "node:net";

const launcher = new Socket({ fd: 3, readable: true, writable: false });
launcher.on("error", () => {});
launcher.on("close", () => process.kill(process.pid, "SIGTERM"));
launcher.resume();
launcher.unref();
