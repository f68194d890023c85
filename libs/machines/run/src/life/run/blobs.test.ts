import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Payload } from "@tutti/contracts/types/v1";
import { RunOrder } from "@tutti/contracts/workflow/v1";
import { runMachine } from "../../machine.ts";

const sha256 = new Uint8Array(32).fill(7);
const blobPayload: Payload = { body: { $case: "blob", value: { sha256, size: 5_000_000 } }, mediaType: "" };
const inline: Payload = { body: { $case: "inline", value: new Uint8Array(3) }, mediaType: "image/png" };
const { events } = runMachine({ plans: { plan: () => assert.fail("no plan is asked for") } });

describe("blobs of a run", () => {
  for (const [type, bodyWith] of [
    [
      "run_started",
      (inputPayload: Payload | undefined) => ({ order: RunOrder.fromPartial({ inputPayload }) }),
    ],
    ["run_completed", (outputPayload: Payload | undefined) => ({ outputPayload })],
    ["task_queued", (inputPayload: Payload | undefined) => ({ inputPayload })],
    ["task_completed", (outputPayload: Payload | undefined) => ({ outputPayload })],
    ["task_repaired", (output: Payload | undefined) => ({ output })],
  ] as const) {
    it(`are listed by ${type} if its data is a blob`, () => {
      const event = events.find((each) => each.type === type) ?? assert.fail(type);
      const named = (payload: Payload | undefined) => [...(event.blobs?.(bodyWith(payload)) ?? [])];
      assert.deepEqual(named(blobPayload), [sha256]);
      assert.deepEqual([named(inline), named(undefined)], [[], []]);
    });
  }

  it("include the plan that a template was filled in to, and not that of a definition as it is", () => {
    const event = events.find(({ type }) => type === "run_started") ?? assert.fail("run_started");
    const order = RunOrder.fromPartial({ hash: "ab".repeat(32) });
    const named = (more: Partial<RunOrder>) => [...(event.blobs?.({ order: { ...order, ...more } }) ?? [])];
    assert.deepEqual(named({}), []);
    assert.deepEqual(named({ parameters: Buffer.from("{}") }), [Buffer.alloc(32, 0xab)]);
  });

  it("include files within JSON", () => {
    const first = "ab".repeat(32);
    const second = "0c".repeat(32);
    const file = (sha256: string) => ({ $blob: { sha256, size: 5 }, mediaType: "image/png" });
    const output = { pages: [file(first), file(second), file(first)], $blobs: 7, note: '"$blob"' };
    const hashes = (type: string, body: unknown) => {
      const event = events.find((each) => each.type === type) ?? assert.fail(type);
      return [...(event.blobs?.(body) ?? [])].map((sha256) => Buffer.from(sha256).toString("hex"));
    };
    const json = JSON.stringify(output);
    const bytes = Buffer.from(json);
    assert.deepEqual(hashes("task_completed", { output: bytes }), [first, second]);
    assert.deepEqual(hashes("step_recorded", { entry: { json } }), [first, second]);
    assert.deepEqual(hashes("tasks_added", { plan: bytes }), [first, second]);
    assert.deepEqual(hashes("run_started", { order: RunOrder.fromPartial({ input: bytes }) }), [
      first,
      second,
    ]);
    const payload = { body: { $case: "inline" as const, value: bytes }, mediaType: "" };
    assert.deepEqual(hashes("signal_received", { signal: { payload } }), [first, second]);
    assert.deepEqual(hashes("task_completed", { output: Buffer.from('{"$blob": {"sha256": "short"}}') }), []);
  });
});
