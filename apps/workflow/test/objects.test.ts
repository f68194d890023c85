import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  CallObjectRequest,
  CancelRunRequest,
  definitionService,
  ListObjectsRequest,
  objectService,
  runService,
  SignalRunRequest,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

/** Calls of one key follow each other. A workflow without a function supports them too. */
const desk = `workflow: desk
object: {key: "\${{ input.key }}", call: "\${{ input.call }}", reader: input.call == 'look'}
tasks:
  rest: {wait: {signal: go}, when: input.call != 'look'}
output: "\${{ input.input }}"
`;

const inline = (value: unknown) => ({
  body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
  mediaType: "",
});

describe("objects", () => {
  let serving: Serving;
  const objects = () => serving.host.mesh.client(objectService);
  const runs = () => serving.host.mesh.client(runService);
  const call = async (key: string, name: string, runId: string, waitMs = 0) => {
    const request = { name: "desk", key, call: name, input: inline(runId), runId, waitMs };
    const { run } = await objects().callObject(CallObjectRequest.fromPartial(request));
    return run;
  };
  const read = async (key: string) => {
    const { object } = await objects().getObject({ namespace: "", name: "desk", key });
    assert.ok(object !== undefined);
    return object;
  };
  const go = (runId: string) =>
    runs().signalRun(SignalRunRequest.fromPartial({ runId, signal: "go", idempotencyKey: runId }));

  before(async () => {
    serving = await Serving.open();
    await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", versionLabels: [], keepLatest: false },
      source: { format: 1, text: desk, fileName: "" },
    });
  });

  after(() => serving[Symbol.asyncDispose]());

  it("one call has the object, others wait in order, and a cancelled call leaves the queue", async () => {
    for (const id of ["a-1", "a-2", "a-3"]) await call("a", "sit", id);
    await until("the first has it", async () => (await read("a")).current?.runId === "a-1");
    await until("two wait", async () => (await read("a")).waitingCount === 2);
    assert.deepEqual(
      (await read("a")).waiting.map(({ runId, call: name }) => [runId, name]),
      [
        ["a-2", "sit"],
        ["a-3", "sit"],
      ],
    );
    await runs().cancelRun(CancelRunRequest.fromPartial({ runId: "a-2" }));
    await go("a-1");
    await until("the third has it", async () => (await read("a")).current?.runId === "a-3");
    await go("a-3");
    await until("all have ended", async () => (await read("a")).endedCount === 3);
    const ended = new Map((await read("a")).recent.map(({ runId, status }) => [runId, status]));
    assert.equal(ended.get("a-1"), WorkStatus.WORK_STATUS_COMPLETED);
    assert.equal(ended.get("a-2"), WorkStatus.WORK_STATUS_CANCELLED);
  });

  it("the same idempotency key is the same call, and refuses another call", async () => {
    const request = { name: "desk", key: "k", call: "look", input: inline(1), idempotencyKey: "key" };
    const send = async (changed: Partial<CallObjectRequest> = {}) =>
      (await objects().callObject(CallObjectRequest.fromPartial({ ...request, ...changed }))).run?.runId;
    const first = await send();
    assert.equal(await send(), first);
    assert.notEqual(await send({ idempotencyKey: "other" }), first);
    await assert.rejects(send({ input: inline(2) }), { status: "ALREADY_EXISTS" });
  });

  it("the same run id is the same call, and a waiting caller gets the outcome", async () => {
    await call("b", "sit", "b-1");
    const waits = call("b", "sit", "b-1", 30_000);
    await go("b-1");
    const run = await waits;
    assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED);
    await until("it has ended", async () => (await read("b")).endedCount === 1);
  });

  it("a reader runs while another call has the object", async () => {
    await call("c", "sit", "c-1");
    const run = await call("c", "look", "c-2", 30_000);
    assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED);
    assert.equal((await read("c")).current?.runId, "c-1");
  });

  it("are listed by name, also keys that are no ids", async () => {
    await call("ann@example.org / 7", "sit", "d-1");
    const list = () => objects().listObjects(ListObjectsRequest.fromPartial({ name: "desk" }));
    await until("it is listed", async () =>
      (await list()).objects.some(({ key }) => key === "ann@example.org / 7"),
    );
    assert.deepEqual(
      (await objects().listObjects(ListObjectsRequest.fromPartial({ name: "none" }))).objects,
      [],
    );
    await assert.rejects(read("nobody"), (error) => isTuttiError(error) && error.code === "object.missing");
  });

  it("a run that is started by its workflow is a call too", async () => {
    const spec = { input: inline({ key: "e", call: "sit" }) };
    const request = StartRunRequest.fromPartial({ runId: "e-1", spec });
    if (request.spec !== undefined)
      request.spec.what = { $case: "definition", value: { name: "desk", version: undefined } };
    await runs().startRun(request);
    await until("it has the object", async () => (await read("e")).current?.runId === "e-1");
  });
});
