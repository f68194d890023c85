import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  definitionService,
  GetRunRequest,
  runService,
  type SignalRunsReply,
  SignalRunsRequest,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { testContext } from "@tutti/kernel/testing";
import type { Submission } from "@tutti/runtime";
import { runtimeErrors } from "@tutti/runtime/errors";
import { signalRuns } from "../src/api/runs/signalling.ts";
import { Serving } from "./serving.ts";

const reported = "workflow: told\ntasks: {go: {wait: {signal: go}}}\n";

describe("signals for runs of another process", () => {
  it("are forwarded to it, and its replies are returned", async () => {
    await using other = await Serving.open();
    const runs = other.host.mesh.client(runService);
    await other.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text: reported, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
    const ids = Array.from({ length: 150 }, (_, index) => `r-${index}`);
    const spec = { what: { $case: "definition" as const, value: { name: "told" } } };
    for (const runId of ids) await runs.startRun(StartRunRequest.fromPartial({ runId, spec }));
    // A process that gives its partitions away.
    const refusal = runtimeErrors.leaving.refusal({ service: "workflow", partition: 0 });
    const runtime = { submit: ({ reply: answer }: Submission) => answer({ kind: "refused", refusal }) };
    const requests = async function* () {
      const items = [...ids, "nobody"].map((runId) => ({ runId, signal: "go" }));
      yield SignalRunsRequest.fromPartial({ items });
    };
    const receipts: SignalRunsReply["receipts"] = [];
    for await (const reply of signalRuns({ runtime, runs }, requests(), testContext()))
      receipts.push(...reply.receipts);
    assert.equal(new Set(receipts.map(({ number }) => number)).size, ids.length + 1);
    assert.deepEqual(
      receipts.flatMap(({ number, refusal: reason }) =>
        reason === undefined ? [] : [[number, reason.code]],
      ),
      [[ids.length + 1, "workflow.run_missing"]],
    );
    for (const runId of ids) {
      const { run } = await runs.getRun(GetRunRequest.fromPartial({ runId }));
      assert.ok(run?.endTime !== undefined);
    }
  });
});
