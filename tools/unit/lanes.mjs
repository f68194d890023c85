// @ts-check

// Runs tasks beside each other: as many as are asked for, and more while the processors have room. Tests with sockets and
// processes wait for most of their time, but not all of them, and not at the same moments.

import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** How often the processors are looked at. A task that has just started is seen by the next look. */
const lookMs = 1_000;
/** Share of the processors that must have been idle. A task takes about this much of two. */
const roomFrom = 0.25;

/**
 * @param {Array<() => Promise<void>>} tasks in their order
 * @param {{ lanes: number, lanesMax?: number, idle?: () => number, everyMs?: number }} options `idle`: the share of the
 *   processors that was idle since it was asked last
 */
export async function runInLanes(tasks, { lanes, lanesMax = lanes, idle = idleShare(), everyMs = lookMs }) {
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
 * The share of the processors that was idle since the last call.
 *
 * @param {{ besideNice?: boolean }} [options] `besideNice`: what processes of low priority use counts as idle, because it
 *   is free for others
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
