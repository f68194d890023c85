// @ts-check

// Groups test files into processes, and orders the processes.
//
// 1. The longest processes start first, so that no lane runs a long file when the others are idle.
// 2. Files of one process are of one package if possible, so that their imports are loaded once.

import { relative } from "node:path";

/** @typedef {import("./run-files.mjs").Tier} Tier */
/** @typedef {{ name: string, folder: string }} Package */

/** Packages whose pure tests open whole installations, and need separate processes. */
const apart = ["apps/platform", "tools", "apps/cluster", "apps/cli", "apps/swarm", "libs/host"];

/**
 * Maximum of files in a process. Pure tests are many and short, tests with installations take seconds, campaigns are
 * long.
 */
const filesMax = { pure: 80, test: 30, io: 12, nightly: 5 };

/** Target duration of a process with several files, in seconds. */
const batchSeconds = 45;
/** Seconds of a file that is not in the table. */
const usualSeconds = 3;

/** Seconds of files on two idle cores. `npm run test:io -- --slowest=40` prints them. */
export const longFiles = {
  "apps/cli/test/access.io.ts": 25,
  "apps/cli/test/apply.io.ts": 15,
  "apps/cli/test/commands-house.io.ts": 30,
  "apps/cli/test/commands-runs.io.ts": 40,
  "apps/cli/test/commands-sessions.io.ts": 30,
  "apps/cli/test/demo-agents.io.ts": 20,
  "apps/cli/test/demo-kill.io.ts": 12,
  "apps/cli/test/demo-race.io.ts": 20,
  "apps/cli/test/follow.io.ts": 15,
  "apps/cluster/test/cluster.io.ts": 87,
  "apps/platform/test/access.io.ts": 12,
  "apps/platform/test/crash/crash-matrix.io.ts": 46,
  "apps/platform/test/data-directory.io.ts": 15,
  "apps/platform/test/docs.io.ts": 130,
  "apps/platform/test/installation/both-ways.io.ts": 79,
  "apps/platform/test/installation/examples.io.ts": 30,
  "apps/platform/test/installation/tenants.io.ts": 15,
  "apps/platform/test/instances.io.ts": 30,
  "apps/platform/test/npm-start.io.ts": 22,
  "apps/platform/test/page/access.io.ts": 100,
  "apps/platform/test/page/missions.io.ts": 35,
  "apps/platform/test/page/page.io.ts": 108,
  "apps/platform/test/page/run-page.io.ts": 95,
  "apps/platform/test/page/sessions.io.ts": 70,
  "apps/platform/test/payloads.io.ts": 18,
  "libs/simulation/test/simulation.io.ts": 65,
  "sdk/python/test/conformance.io.ts": 28,
  "sdk/python/test/functions.io.ts": 15,
  "sdk/python/test/unit.io.ts": 30,
  "tools/test/certs.io.mjs": 15,
};

/**
 * @param {Tier} tier
 * @param {ReadonlyMap<Package, string[]>} files
 * @param {string} root
 * @returns {string[][]} each for a process, in the order in which they start
 */
export function batchesOf(tier, files, root) {
  const costs = new Map(Object.entries(longFiles));
  const secondsOf = (/** @type {string} */ file) => costs.get(relative(root, file)) ?? usualSeconds;
  const of = (/** @type {string[]} */ batch) => batch.reduce((sum, file) => sum + secondsOf(file), 0);
  if (tier !== "test")
    return [...files.values()]
      .flatMap((all) => packed(all, secondsOf, filesMax[tier]))
      .sort((one, other) => of(other) - of(one));
  const inOrder = apart.flatMap((folder) => [...files].filter(([one]) => one.folder === folder));
  const together = [...files].filter(([{ folder }]) => !apart.includes(folder)).flatMap(([, all]) => all);
  return [...inOrder.flatMap(([, all]) => slices(all, filesMax.test)), ...slices(together, filesMax.pure)];
}

/**
 * Packs files into few processes: first fit, longest first.
 *
 * @param {string[]} files
 * @param {(file: string) => number} secondsOf
 * @param {number} max
 */
function packed(files, secondsOf, max) {
  /** @type {{ seconds: number, files: string[] }[]} */
  const batches = [];
  for (const file of files.toSorted((one, other) => secondsOf(other) - secondsOf(one))) {
    const seconds = secondsOf(file);
    const room = batches.find(
      (batch) => batch.seconds + seconds <= batchSeconds && batch.files.length < max,
    ) ?? { seconds: 0, files: [] };
    if (room.files.length === 0) batches.push(room);
    room.seconds += seconds;
    room.files.push(file);
  }
  return batches.map((batch) => batch.files);
}

/** @param {string[]} files @param {number} size @returns {string[][]} */
function slices(files, size) {
  const count = Math.ceil(files.length / size);
  return Array.from({ length: count }, (_, at) => files.filter((_file, index) => index % count === at));
}
