import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TaskCounts } from "./generated/types.ts";
import { bytesText, durationText, pausedTaskText } from "./text.ts";

describe("texts of the CLI and the dashboard", () => {
  const durations: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [0.4, "0.4 ms"],
    [340.4, "340 ms"],
    [999, "999 ms"],
    [4_250, "4.3 s"],
    [999.6, "1.0 s"],
    [9_576, "9.6 s"],
    [9_999, "10 s"],
    [16_700, "17 s"],
    [38_400, "38 s"],
    [59_700, "1 min"],
    [96_600, "1 min 37 s"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [7_200_000, "2 h"],
    [270_000_000, "3 d 3 h"],
    [-5, "0 ms"],
  ];
  for (const [ms, text] of durations) it(`${ms} ms is ${text}`, () => assert.equal(durationText(ms), text));

  const sizes: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_536, "1.5 KiB"],
    [10_200, "10 KiB"],
    [44_040_192, "42 MiB"],
    [1_048_166, "1.0 MiB"],
    [1_073_741_824, "1.0 GiB"],
    [2 ** 50, "1024 TiB"],
  ];
  for (const [bytes, text] of sizes)
    it(`${bytes} bytes are ${text}`, () => assert.equal(bytesText(bytes), text));

  const runs: readonly (readonly [string | undefined, TaskCounts | undefined, string | undefined])[] = [
    ["running", { paused: 1 }, "task paused"],
    ["running", { paused: 1, waiting: 2, pending: 1, held: 1, completed: 5 }, "task paused"],
    ["running", { paused: 1, queued: 1 }, undefined],
    ["running", { paused: 1, running: 1 }, undefined],
    ["running", { paused: 1, retrying: 1 }, undefined],
    ["running", { paused: 1, compensating: 1 }, undefined],
    ["running", { waiting: 1 }, undefined],
    ["running", undefined, undefined],
    ["paused", { paused: 1 }, undefined],
    ["completed", { paused: 1 }, undefined],
    [undefined, { paused: 1 }, undefined],
  ];
  for (const [status, tasks, text] of runs)
    it(`a run that is ${status} with ${JSON.stringify(tasks)} is written as ${text ?? "its state"}`, () =>
      assert.equal(pausedTaskText(status, tasks), text));
});
