import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AwaitRunRequest,
  definitionService,
  MoveRunRequest,
  MoveVerdict,
  ReadHistoryRequest,
  runService,
  SignalRunRequest,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { Serving } from "./serving.ts";

const first = `workflow: offer
input: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}
tasks:
  go: {wait: {signal: go}}
  last: {needs: [go], set: {said: before, n: "\${{ input.n }}"}}
output: "\${{ tasks.last.output }}"
`;
const second = first.replace("said: before", "said: after").replace("tasks:", "tasks:\n  zero: {set: 1}");

describe("moving runs", () => {
  let serving: Serving;
  let hash = "";
  const runs = () => serving.host.mesh.client(runService);
  const register = async (text: string, label: string) => {
    const { definition } = await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text, fileName: "" } },
      ...{ versionLabels: [label], keepLatest: false },
    });
    return definition?.hash ?? "";
  };
  const start = (runId: string) => {
    const input = { body: { $case: "inline" as const, value: Buffer.from('{"n":3}') } };
    const what = { $case: "definition" as const, value: { name: "offer" } };
    return runs().startRun(StartRunRequest.fromPartial({ runId, spec: { what, input } }));
  };
  const move = (request: Parameters<typeof MoveRunRequest.fromPartial>[0]) =>
    runs().moveRun(MoveRunRequest.fromPartial({ reason: "fixed", ...request }));
  const end = async (runId: string) => {
    await runs().signalRun(SignalRunRequest.fromPartial({ runId, signal: "go" }));
    const { run } = await runs().awaitRun(AwaitRunRequest.fromPartial({ runId }));
    const result = run?.outcome?.result;
    const output = result?.$case === "completed" ? result.value : undefined;
    return output?.body?.$case === "inline"
      ? JSON.parse(Buffer.from(output.body.value).toString())
      : undefined;
  };

  const resets = async (runId: string) => {
    const { events } = await runs().readHistory(ReadHistoryRequest.fromPartial({ runId }));
    return events.filter(({ type }) => type === "run_reset").length;
  };

  before(async () => {
    serving = await Serving.open();
    await register(first, "1");
    for (const id of ["moved", "stays", "back", "late", "twice", "hash"]) await start(id);
    hash = await register(second, "2");
  });
  after(async () => {
    await serving[Symbol.asyncDispose]();
  });

  it("names the version by the start of its hash, which is not a label", async () => {
    const { run } = await move({ runId: "hash", version: hash.slice(0, 8) });
    assert.deepEqual([run?.definitionHash, run?.versionLabel], [hash, ""]);
  });

  it("continues a run on the version, records it in the history, and leaves other runs unchanged", async () => {
    const dry = await move({ runId: "moved", version: "2", dryRun: true });
    assert.equal(dry.review?.verdict, MoveVerdict.MOVE_VERDICT_SAFE);
    assert.equal(dry.run?.versionLabel, "latest");
    const { run } = await move({ runId: "moved", version: "2" });
    assert.equal(run?.versionLabel, "2");
    assert.equal(run?.definitionHash, dry.review?.hash);
    assert.deepEqual(await end("moved"), { said: "after", n: 3 });
    const { events } = await runs().readHistory(ReadHistoryRequest.fromPartial({ runId: "moved" }));
    const moveEvent = events.find(({ type }) => type === "run_moved");
    assert.equal(moveEvent?.cause?.reason, "fixed");
    assert.deepEqual(await end("stays"), { said: "before", n: 3 });
  });

  it("can be undone if no event has happened since", async () => {
    await assert.rejects(move({ runId: "back", back: true }), /it was never moved/);
    await move({ runId: "back", idempotencyKey: "once" });
    await move({ runId: "back", back: true });
    assert.deepEqual(await end("back"), { said: "before", n: 3 });
    await move({ runId: "late" });
    await runs().signalRun(SignalRunRequest.fromPartial({ runId: "late", signal: "go" }));
    await assert.rejects(move({ runId: "late", back: true }), /`signal_received` has happened since/);
  });

  it("a repeated call with the same key returns the first reply, also for a move back", async () => {
    const there = { runId: "twice", version: "2", idempotencyKey: "there" };
    const first = await move(there);
    assert.equal(first.review?.verdict, MoveVerdict.MOVE_VERDICT_SAFE);
    assert.deepEqual(await move(there), first);
    const back = { runId: "twice", back: true, idempotencyKey: "back" };
    const undone = await move(back);
    await runs().signalRun(SignalRunRequest.fromPartial({ runId: "twice", signal: "later" }));
    const repeated = await move(back);
    assert.deepEqual(repeated.review, undone.review);
    assert.equal(repeated.run?.definitionHash, undone.run?.definitionHash);
    assert.equal(await resets("twice"), 1);
    await assert.rejects(move({ ...back, reason: "another" }), { code: "runtime.key_reused" });
    await assert.rejects(move({ ...back, idempotencyKey: "there" }), { code: "workflow.move_settled" });
    await assert.rejects(move({ ...back, idempotencyKey: "new" }), { code: "workflow.move_settled" });
  });

  it("refuses a version with an incompatible input, an unknown version, and an unknown run", async () => {
    await start("typed");
    await register(second.replace("type: integer", "type: string"), "3");
    const { review } = await move({ runId: "typed", version: "3", dryRun: true });
    assert.equal(review?.verdict, MoveVerdict.MOVE_VERDICT_IMPOSSIBLE);
    assert.match(review?.problems[0]?.message ?? "", /input\.n/);
    await assert.rejects(move({ runId: "typed", version: "3" }), isTuttiError);
    await assert.rejects(move({ runId: "typed", version: "none" }), isTuttiError);
    await assert.rejects(move({ runId: "nothing", version: "2" }), isTuttiError);
  });
});
