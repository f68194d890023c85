// Imported into the process that runs a package's tests. Reports the next test and the end of all tests to its parent,
// over file descriptor 3. It writes synchronously, so that the parent knows the name even of a test that never yields.
// A while after the last test it lists the resources that still keep the process alive. By then an idle process has
// ended. Files that close their resources at their end have closed them too, which takes a while on a busy machine.

import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { isMainThread } from "node:worker_threads";
import { cpuMs } from "./usage.mjs";

const graceMs = 20_000;

/** @param {object} message */
function report(message) {
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
 * Stops node:test from following promises. It follows every promise to find the test of an uncaught error, which takes
 * half of the processor time if tests have many promises. Without following, such an error fails the run and the running
 * test.
 *
 * @returns {() => void} a function that stops it. Hooks of tests stay, because virtual time has one
 */
function promisesFollowed() {
  let followers;
  try {
    followers = [...createRequire(import.meta.url)("internal/async_hooks").getHookArrays()[0]];
  } catch {
    // Another Node keeps the hook elsewhere. The tests are then slower, and equally correct.
    return () => {};
  }
  return () => {
    for (const hook of followers) hook.disable();
    for (const event of ["uncaughtException", "unhandledRejection"])
      process.on(event, (error) => report({ kind: "stray", text: `${event}: ${inspect(error)}` }));
  };
}

// Threads of the tested code import this file too, and their end is not the end of the tests.
if (isMainThread) {
  const { after, before, beforeEach } = await import("node:test");
  // All files are loaded.
  before(() => report({ kind: "loaded", cpuMs: cpuMs() }));

  const followNoPromises = promisesFollowed();
  let isFirst = true;
  beforeEach((context) => {
    // Not earlier, because node:test needs the promises to find the suite of a test.
    if (isFirst) followNoPromises();
    isFirst = false;
    report({ kind: "begin", file: context.filePath, title: context.fullName, cpuMs: cpuMs() });
  });

  after(() => {
    report({ kind: "done" });
    report({ kind: "usage", cpuMs: cpuMs() });
    setTimeout(() => report({ kind: "alive", resources: stillOpen() }), graceMs).unref();
  });
}
