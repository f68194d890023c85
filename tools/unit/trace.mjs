// Imported into the process that runs a package's tests: tells its parent, over file descriptor 3, which test is about
// to run and when all have run. Written synchronously, so that the parent knows the name even of a test that never
// yields. A while after the last test it names what still keeps the process alive. An idle process is gone by then, and
// so is one whose files end what they started at their end: that comes after the last test, and takes a while on a busy
// machine.

import { writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { cpuMs } from "./usage.mjs";

const graceMs = 20_000;

/** @param {object} message */
function tell(message) {
  writeSync(3, `${JSON.stringify(message)}\n`);
}

const mine = process.getActiveResourcesInfo();

function stillOpen() {
  const open = process.getActiveResourcesInfo();
  for (const resource of mine) {
    const at = open.indexOf(resource);
    if (at >= 0) open.splice(at, 1);
  }
  return open;
}

// Threads of what is tested are started with this file too, and an end of theirs is none of the tests.
if (isMainThread) {
  const { after, before, beforeEach } = await import("node:test");
  // All files are loaded.
  before(() => tell({ kind: "loaded", cpuMs: cpuMs() }));

  beforeEach((context) => tell({ kind: "begin", file: context.filePath, title: context.fullName }));

  after(() => {
    tell({ kind: "done" });
    tell({ kind: "usage", cpuMs: cpuMs() });
    setTimeout(() => tell({ kind: "alive", resources: stillOpen() }), graceMs).unref();
  });
}
