// Imported into the process that runs a package's tests: tells its parent, over file descriptor 3, which test is about
// to run and when all have run. Written synchronously, so that the parent knows the name even of a test that never
// yields. A while after the last test it names what still keeps the process alive. An idle process is gone by then, and
// so is one whose files end what they started at their end: that comes after the last test, and takes a while on a busy
// machine.

import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { inspect } from "node:util";
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

/**
 * node:test follows every promise to find the test of an error that no caller catches. Where tests have many promises, this takes half
 * of the processor time. Without it such an error fails the run, with the test that was running.
 *
 * @returns {() => void} what ends it. Hooks of tests stay: virtual time has one
 */
function promisesFollowed() {
  let followers;
  try {
    followers = [...createRequire(import.meta.url)("internal/async_hooks").getHookArrays()[0]];
  } catch {
    // Another Node keeps it elsewhere: it is slower, and as right.
    return () => {};
  }
  return () => {
    for (const hook of followers) hook.disable();
    for (const event of ["uncaughtException", "unhandledRejection"])
      process.on(event, (error) => tell({ kind: "stray", text: `${event}: ${inspect(error)}` }));
  };
}

// Threads of what is tested are started with this file too, and an end of theirs is none of the tests.
if (isMainThread) {
  const { after, before, beforeEach } = await import("node:test");
  // All files are loaded.
  before(() => tell({ kind: "loaded", cpuMs: cpuMs() }));

  const followNoPromises = promisesFollowed();
  let isFirst = true;
  beforeEach((context) => {
    // Not before: node:test needs them to find the suite that a test is in.
    if (isFirst) followNoPromises();
    isFirst = false;
    tell({ kind: "begin", file: context.filePath, title: context.fullName });
  });

  after(() => {
    tell({ kind: "done" });
    tell({ kind: "usage", cpuMs: cpuMs() });
    setTimeout(() => tell({ kind: "alive", resources: stillOpen() }), graceMs).unref();
  });
}
