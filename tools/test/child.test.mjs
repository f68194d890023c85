// @ts-check

import assert from "node:assert/strict";
import { it } from "node:test";
import { reactionTo } from "../child.mjs";

const table = /** @type {const} */ ([
  ["linux", "SIGINT", 1, "signal"],
  ["linux", "SIGINT", 2, "signal"],
  ["darwin", "SIGTERM", 1, "signal"],
  ["win32", "SIGINT", 1, "nothing"],
  ["win32", "SIGHUP", 1, "nothing"],
  ["win32", "SIGINT", 2, "kill"],
  ["win32", "SIGTERM", 1, "signal"],
]);

for (const [platform, signal, count, reaction] of table)
  it(`the ${count}. signal ${signal} on ${platform}: ${reaction}`, () => {
    assert.equal(reactionTo(signal, count, platform), reaction);
  });
