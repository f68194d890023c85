// @ts-check

// Runs tasks concurrently: the requested number, and more while processors are idle. Tests with sockets and processes
// mostly wait, but not all of them, and not at the same time.

import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** Interval of load checks. The next check includes a task that has just started. */
const pollMs = 1_000;
/** Idle share of the processors that starts another task. A task takes about this share of two processors. */
const roomFrom = 0.25;

/**
 * @param {Array<() => Promise<void>>} tasks in their order
 * @param {{ lanes: number, lanesMax?: number, idle?: () => number, everyMs?: number }} options `idle`: the idle
 *   share of the processors since its last call
 */
export async function runInLanes(tasks, { lanes, lanesMax = lanes, idle = idleShare(), everyMs = pollMs }) {
  const waiting = [...tasks];
  let running = 0;
  /** @type {Set<Promise<void>>} */
  const all = new Set();
  const begin = () => {
    const task = waiting.shift();
    if (task === undefined) return;
    running++;
    all.add(
      task().finally(() => {
        running--;
        if (running < lanes) begin();
      }),
    );
  };
  while (running < lanes && waiting.length > 0) begin();
  while (lanesMax > lanes && waiting.length > 0) {
    await pause(everyMs);
    if (idle() >= roomFrom && running < lanesMax) begin();
  }
  // A task that ends may start the next one.
  for (const one of all) await one;
}

/**
 * Returns a function that returns the idle share of the processors since its last call.
 *
 * @param {{ besideNice?: boolean }} [options] `besideNice`: time of low-priority processes counts as idle, because
 *   others can use it
 * @returns {() => number}
 */
export function idleShare({ besideNice = false } = {}) {
  let before = times();
  return () => {
    const now = times();
    const passed = now.all - before.all;
    const idle = now.idle - before.idle + (besideNice ? now.nice - before.nice : 0);
    const share = passed === 0 ? 0 : idle / passed;
    before = now;
    return share;
  };
}

function times() {
  const sum = { idle: 0, nice: 0, all: 0 };
  for (const { times: of } of cpus()) {
    sum.idle += of.idle;
    sum.nice += of.nice;
    sum.all += of.user + of.nice + of.sys + of.idle + of.irq;
  }
  return sum;
}
