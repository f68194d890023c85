import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AwaitRunRequest,
  definitionService,
  ReadHistoryRequest,
  runService,
  SignalRunRequest,
  SourceFormat,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { runErrors } from "@tutti/machine-run";
import { Serving } from "./serving.ts";

const definition = `workflow: read
tasks:
  each: {forEach: "\${{ input }}", set: {double: "\${{ item * 2 }}"}}
  go: {needs: [each], wait: {signal: go}}
output: "\${{ tasks.each.output }}"
`;

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const payloadOf = (value: unknown) => ({
  body: { $case: "inline" as const, value: bytesOf(value) },
  mediaType: "",
});

describe("the events of a run", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);

  async function read(fields: Parameters<typeof ReadHistoryRequest.fromPartial>[0], size = 0) {
    const events = [];
    for (let token = ""; ; ) {
      const page = { size, token };
      const reply = await runs().readHistory(ReadHistoryRequest.fromPartial({ ...fields, page }));
      events.push(
        ...reply.events.map(({ details, ...event }) => {
          const body = details?.body;
          assert.equal(body?.$case, "inline");
          return { ...event, details: JSON.parse(Buffer.from(body.value as Uint8Array).toString()) };
        }),
      );
      token = reply.page?.nextToken ?? "";
      if (token === "") return { events, total: reply.page?.total };
    }
  }

  before(async () => {
    serving = await Serving.open();
    const source = { format: SourceFormat.SOURCE_FORMAT_YAML, text: definition, fileName: "read.yaml" };
    await serving.host.mesh
      .client(definitionService)
      .registerDefinition({ namespace: "", source, versionLabels: [], keepLatest: false });
    const spec = {
      what: { $case: "definition" as const, value: { name: "read" } },
      input: payloadOf([1, 2, 3]),
    };
    await runs().startRun(StartRunRequest.fromPartial({ runId: "one", spec }));
    const signal = { runId: "one", signal: "go", payload: payloadOf({ by: "Anna" }) };
    await runs().signalRun(SignalRunRequest.fromPartial(signal));
    await runs().awaitRun(AwaitRunRequest.fromPartial({ runId: "one", waitMs: 5_000 }));
  });
  after(() => serving[Symbol.asyncDispose]());

  it("contain their details as JSON, with task ids and the cause", async () => {
    const { events, total } = await read({ runId: "one" });
    assert.equal(events.length, total);
    assert.deepEqual(
      events.map(({ event }) => event),
      events.map((_, place) => place + 1),
    );
    assert.deepEqual(events[0]?.details.order.input, [1, 2, 3]);
    const entries = events.filter(({ type, taskId }) => type === "task_completed" && taskId !== "each");
    assert.deepEqual(
      entries.slice(0, 3).map(({ taskId, details }) => [taskId, details.output]),
      [
        ["each[0]", { double: 2 }],
        ["each[1]", { double: 4 }],
        ["each[2]", { double: 6 }],
      ],
    );
    const received = events.find(({ type }) => type === "signal_received");
    assert.deepEqual(received?.details.signal.payload, { by: "Anna" });
    assert.ok(events.every(({ cause }) => cause?.actor !== undefined));
  });

  it("are the same page by page, in order or not", async () => {
    const { events } = await read({ runId: "one" });
    assert.deepEqual((await read({ runId: "one" }, 2)).events, events);
    assert.deepEqual((await read({ runId: "one", afterEvent: 3 }, 2)).events, events.slice(3));
  });

  it("are limited to one task and its entries if a task is passed", async () => {
    const { events } = await read({ runId: "one", taskId: "each" });
    assert.deepEqual([...new Set(events.map(({ taskId }) => taskId))].sort(), [
      "each",
      "each[0]",
      "each[1]",
      "each[2]",
    ]);
  });

  it("exclude runtime events, such as the answer of a key, by default", async () => {
    const what = { $case: "definition" as const, value: { name: "read" } };
    const spec = { what, input: payloadOf([]) };
    await runs().startRun(StartRunRequest.fromPartial({ runId: "keyed", spec }));
    const keyed = { runId: "keyed", signal: "go", idempotencyKey: "key-1" };
    await runs().signalRun(SignalRunRequest.fromPartial(keyed));
    const typesOf = async (fields: object) =>
      (await read({ runId: "keyed", ...fields })).events.map(({ type }) => type);
    assert.ok(!(await typesOf({})).includes("runtime.key_answered"));
    assert.ok((await typesOf({ withInternal: true })).includes("runtime.key_answered"));
  });

  it("of no run are refused", async () => {
    await assert.rejects(() => read({ runId: "none" }), runErrors.runMissing.is);
  });
});
