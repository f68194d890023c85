import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CancelRunRequest,
  definitionService,
  ListRunsRequest,
  RetryRunRequest,
  runService,
  SourceFormat,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const definition = "workflow: wiped\ntasks: {go: {wait: {signal: go}}}\n";

describe("runs that are removed before their time", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const start = (runId: string, retentionMs = 0) => {
    const spec = { what: { $case: "definition" as const, value: { name: "wiped" } }, retentionMs };
    return runs().startRun(StartRunRequest.fromPartial({ runId, spec }));
  };
  const cancel = (runId: string) => runs().cancelRun(CancelRunRequest.fromPartial({ runId }));
  const remove = (runId: string) => runs().deleteRun({ namespace: "", runId, reason: "it is private" });
  const codeOf = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;

  before(async () => {
    serving = await Serving.open();
    const source = { format: SourceFormat.SOURCE_FORMAT_YAML, text: definition, fileName: "" };
    await serving.host.mesh
      .client(definitionService)
      .registerDefinition({ namespace: "", source, versionLabels: [], keepLatest: false });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("must have ended, and are removed at once with their history", async () => {
    await start("one");
    await assert.rejects(remove("one"), codeOf("workflow.run_goes_on"));
    await cancel("one");
    assert.deepEqual(await remove("one"), { removed: true });
    const missing = codeOf("workflow.run_missing");
    const named = { namespace: "", runId: "one" };
    await assert.rejects(runs().getRun({ ...named, atEvent: 0 }), missing);
    await assert.rejects(
      runs().readHistory({ ...named, afterEvent: 0, taskId: "", page: undefined, withInternal: false }),
      missing,
    );
    await assert.rejects(runs().retryRun(RetryRunRequest.fromPartial(named)), missing);
    await assert.rejects(start("one"), codeOf("runtime.id_taken"));
    assert.deepEqual(await remove("one"), { removed: false });
    assert.deepEqual(await remove("never"), { removed: false });
    const listed = async () => (await runs().listRuns(ListRunsRequest.create())).runs.length;
    await until("the index", async () => (await listed()) === 0);
  });

  it("go by themselves when the time is over that their start has named", async () => {
    await start("brief", 1);
    // It may be removed before it is shown as cancelled.
    await cancel("brief").catch(() => {});
    const found = () =>
      runs()
        .getRun({ namespace: "", runId: "brief", atEvent: 0 })
        .catch((error: unknown) => error);
    await until("its removal", found, codeOf("workflow.run_missing"));
    await assert.rejects(
      runs().retryRun(RetryRunRequest.fromPartial({ runId: "brief" })),
      codeOf("workflow.run_missing"),
    );
  });
});
