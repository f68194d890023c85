// Imported into the process that runs a package's tests: tells its parent, over file descriptor 3, which test is about
// to run and when all have run. Written synchronously, so that the parent knows the name even of a test that never
// yields. A while after the last test it names what still keeps the process alive. An idle process is gone by then, and
// so is one whose files end what they started at their end: that comes after the last test, and takes a while on a busy
// machine.

import { readFileSync, writeSync } from "node:fs";
import { after, beforeEach } from "node:test";
import { isMainThread } from "node:worker_threads";

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

/** Processor time of this process and of the processes that it started and that have ended. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + cpuMsOfChildren();
}

/** Linux alone says it: fields 16 and 17 of `stat`, in hundredths of a second. The name before them may have blanks. */
function cpuMsOfChildren() {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
}

// Threads of what is tested are started with this file too, and an end of theirs is none of the tests.
if (isMainThread) {
  beforeEach((context) => tell({ kind: "begin", file: context.filePath, title: context.fullName }));

  after(() => {
    tell({ kind: "done" });
    tell({ kind: "usage", cpuMs: cpuMs() });
    setTimeout(() => tell({ kind: "alive", resources: stillOpen() }), graceMs).unref();
  });
}
