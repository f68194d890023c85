import assert from "node:assert/strict";
import { it } from "node:test";
import { Task } from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import { recordedData, timesOf } from "./workflows.ts";

const payload = (text: string) => ({
  body: { $case: "inline" as const, value: new TextEncoder().encode(text) },
  mediaType: "",
});

function task(taskId: string, parentTaskId: string, input: string, output: string, fromCache = false): Task {
  const outcome = { result: { $case: "completed" as const, value: payload(output) } };
  return Task.fromPartial({
    ...{ taskId, parentTaskId, outcome, fromCache },
    ...(input !== "" && { input: payload(input) }),
  });
}

it("the recorded data of a forEach is that of its entries, without outputs from the cache", () => {
  const data = recordedData([
    task("one", "", "1", "2"),
    task("all", "", "", "[3,3,3]"),
    task("all[0]", "all", "7", "3"),
    task("all[1]", "all", "8", "3"),
    task("all[2]", "all", "8", "3", true),
  ]);
  assert.deepEqual(data, [
    { task: "one", input: "1", output: "2" },
    { task: "all", input: "7", output: "3" },
    { task: "all", input: "8", output: "3" },
  ]);
});

it("an attempt that was too short to report its start started the usual time of its capability before its end", () => {
  const attempt = { number: 1, queueTime: toTimestamp(1_000), endTime: toTimestamp(1_010) };
  const times = { readyTime: toTimestamp(1_000), endTime: toTimestamp(1_010) };
  const short = (uses: string, attempts = [attempt]) =>
    timesOf(Task.fromPartial({ taskId: "a", uses, attempts, ...times }), new Map([["text.trim", 3]]))[0];
  assert.equal(short("text.trim@^1")?.startedMs, 1_007);
  assert.equal(short("text.other")?.startedMs, undefined, "no estimate");
  assert.equal(short("text.trim", [])?.startedMs, undefined, "from the cache");
});
