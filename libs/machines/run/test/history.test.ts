import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ResetRun, SignalRun } from "@tutti/contracts/workflow/v1";
import { resetRun, runMachine, signalRun } from "../src/index.ts";
import { HistoryReader, type ReadEvent } from "../src/life/history/history-reader.ts";
import { jsonBytes, KnownDefinitions, RunScene } from "../src/testing/index.ts";
import { stories } from "./stories.ts";

interface TypedEvent extends ReadEvent {
  readonly type: string;
}

function readAll(scene: RunScene): readonly TypedEvent[] {
  const reader = new HistoryReader(scene.machine, scene.key);
  return scene.driver.history(scene.key).map((event) => ({ type: event.type, ...reader.read(event) }));
}

describe("the history of a run for people", () => {
  it("has inputs, outputs and errors as they are, and tasks by their ids", () => {
    const scene = RunScene.of(
      'workflow: w\ntasks:\n  a: {uses: test.a, with: {n: 1}, mayFail: true}\n  b: {forEach: "${{ [1, 2] }}", uses: test.b, with: "${{ item }}"}\n',
      { input: jsonBytes({ who: "Anna" }) },
    );
    scene.fail("a", "test.broken");
    scene.complete("b[0]", { done: true });
    scene.complete("b[1]");
    const events = readAll(scene);
    assert.deepEqual(events[0]?.details["order"], {
      ...(events[0]?.details["order"] as object),
      input: { who: "Anna" },
    });
    const failed = events.find(({ type }) => type === "task_failed");
    assert.equal(failed?.task, "a");
    assert.deepEqual(failed.details["error"], { code: "test.broken", message: "a is broken" });
    const queued = events.filter(({ type, task }) => type === "task_queued" && task.startsWith("b["));
    assert.deepEqual(
      queued.map(({ task, details }) => [task, details["input"]]),
      [
        ["b[0]", 1],
        ["b[1]", 2],
      ],
    );
    const completed = events.find(({ task, type }) => task === "b[0]" && type === "task_completed");
    assert.deepEqual(completed?.details["output"], { done: true });
  });

  it("records the media type of a payload that is not JSON, and the hash of a payload in the blob store", () => {
    const scene = RunScene.of("workflow: w\ntasks:\n  a: {wait: {signal: go}}\n");
    const blob = { sha256: new Uint8Array(32).fill(0xab), size: 5 };
    const bodies = [
      { body: { $case: "inline" as const, value: Buffer.from("<a/>") }, mediaType: "text/xml" },
      { body: { $case: "blob" as const, value: blob }, mediaType: "" },
    ];
    for (const payload of bodies)
      scene.driver.execute(scene.key, signalRun, SignalRun.fromPartial({ signal: "other", payload }));
    const [text, reference] = readAll(scene)
      .filter(({ type }) => type === "signal_received")
      .map(({ details }) => (details["signal"] as Record<string, unknown>)["payload"]);
    assert.deepEqual(text, { $bytes: Buffer.from("<a/>").toString("base64"), mediaType: "text/xml" });
    assert.deepEqual(reference, { $blob: { sha256: "ab".repeat(32), size: 5 } });
  });

  it("reports events from before a reset with the state at their time", () => {
    const text =
      'workflow: w\ntasks:\n  list: {uses: test.list}\n  each: {forEach: "${{ tasks.list.output }}", uses: test.each}\n';
    const scene = RunScene.of(text);
    const snapshot = scene.machine.snapshots.encode(scene.state);
    const { length } = scene.driver.history(scene.key);
    scene.complete("list", [1, 2, 3]);
    scene.complete("each[2]", "old");
    const reset = ResetRun.fromPartial({ toEvent: length, snapshot, reason: "again" });
    scene.driver.execute(scene.key, resetRun, reset);
    scene.complete("list", [1]);
    scene.complete("each[0]", "new");
    const ends = readAll(scene).filter(
      ({ type, task }) => type === "task_completed" && task.startsWith("each"),
    );
    assert.deepEqual(
      ends.slice(0, 2).map(({ task, details }) => [task, details["output"]]),
      [
        ["each[2]", "old"],
        ["each[0]", "new"],
      ],
    );
  });

  it("continues without new names behind an event that cannot be folded", () => {
    const scene = RunScene.of("workflow: w\ntasks:\n  a: {uses: test.a}\n");
    scene.complete("a", 7);
    const reader = new HistoryReader(scene.machine, scene.key);
    const [first, , ...others] = scene.driver.history(scene.key);
    assert.ok(first !== undefined);
    reader.read(first);
    reader.read({ type: "task_completed", version: 1, payload: Uint8Array.of(8, 255, 255, 3) });
    const completed = others.map((event) => reader.read(event)).find(({ details }) => "output" in details);
    assert.deepEqual(completed, { task: "a", details: { output: 7, agent: "agent-1" } });
  });

  for (const [name, story] of Object.entries(stories))
    it(`contains neither node numbers nor raw bytes in the story ${name}`, () => {
      const { key, events } = story("0.0.1");
      const reader = new HistoryReader(runMachine({ plans: new KnownDefinitions() }), key);
      for (const { type, version, payload } of events) {
        const bytes = new Uint8Array(Buffer.from(payload, "base64"));
        const { details } = reader.read({ type, version, payload: bytes });
        noneHidden(details, type);
      }
    });
});

/** JSON that is unreadable, because it is still in base64. */
function noneHidden(value: unknown, place: string): void {
  if (typeof value === "string") {
    const text = Buffer.from(value, "base64");
    if (value.length < 4 || text.toString("base64") !== value) return;
    assert.throws(() => JSON.parse(text.toString()), SyntaxError, `${place}: ${text.toString()}`);
  } else if (typeof value === "object" && value !== null)
    for (const [name, each] of Object.entries(value)) {
      assert.doesNotMatch(name, /^(node|nodes|outside|scope|snapshot|plan)$/, place);
      noneHidden(each, `${place}.${name}`);
    }
}
