import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  CancelRunRequest,
  definitionService,
  GetRunRequest,
  runService,
  SourceFormat,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { runErrors } from "@tutti/machine-run";
import { Serving } from "./serving.ts";

const definitions = [
  "workflow: inner\ntasks: {stay: {wait: {signal: never}}}\n",
  "workflow: outer\ntasks: {sub: {workflow: inner}}\n",
];

describe("parents that are cancelled while their children are being started", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);

  before(async () => {
    serving = await Serving.open();
    for (const text of definitions)
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: SourceFormat.SOURCE_FORMAT_YAML, text, fileName: "" } },
        ...{ versionLabels: [], keepLatest: false },
      });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("leave no child running, at any moment of the cancellation", async () => {
    const ids = Array.from({ length: 60 }, (_, number) => `outer-${number}`);
    const spec = { what: { $case: "definition" as const, value: { name: "outer" } } };
    await Promise.all(
      ids.map(async (runId, number) => {
        await runs().startRun(StartRunRequest.fromPartial({ runId, spec }));
        // At another point of the start each time.
        for (let turns = 0; turns < number % 12; turns++) await new Promise(setImmediate);
        await runs().cancelRun(CancelRunRequest.fromPartial({ runId }));
        await runs().awaitRun(AwaitRunRequest.fromPartial({ runId, waitMs: 10_000 }));
      }),
    );
    const ended: WorkStatus[] = [];
    for (const id of ids) {
      const runId = `${id}..sub..0`;
      const request = AwaitRunRequest.fromPartial({ runId, waitMs: 10_000 });
      const { run } = await runs()
        .awaitRun(request)
        .catch((error: unknown) => {
          // Its message is in flight.
          if (!runErrors.runMissing.is(error)) throw error;
          return { run: undefined };
        });
      if (run !== undefined) ended.push(run.status);
    }
    assert.ok(ended.length > 0);
    assert.deepEqual([...new Set(ended)], [WorkStatus.WORK_STATUS_CANCELLED]);
    // A late start of one of them finds it given up.
    const late = StartRunRequest.fromPartial({
      ...{ runId: `${ids[0]}..sub..0`, spec: { what: { $case: "definition", value: { name: "inner" } } } },
      parent: { namespace: "default", kind: "run", id: ids[0] ?? "", task: "sub" },
    });
    await runs()
      .startRun(late)
      .catch(() => {});
    const { run } = await runs().getRun(GetRunRequest.fromPartial({ runId: late.runId }));
    assert.equal(run?.status, WorkStatus.WORK_STATUS_CANCELLED);
  });
});
