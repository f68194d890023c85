import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  definitionService,
  GetRunRequest,
  ListRunsRequest,
  RunFilter,
  runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const texts = [
  "workflow: leaf\ntasks: {go: {wait: {signal: go}}}\n",
  "workflow: middle\ntasks: {sub: {workflow: leaf}}\n",
  "workflow: top\ntasks: {sub: {workflow: middle}}\n",
];

const spec = { what: { $case: "definition" as const, value: { name: "top" } } };

describe("the ancestors of a run", () => {
  it("are its parent and the outermost one, at any depth", async () => {
    await using serving = await Serving.open();
    const runs = serving.host.mesh.client(runService);
    for (const text of texts)
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
    await runs.startRun(StartRunRequest.fromPartial({ runId: "order-1", spec }));
    const childOf = async (id: string) => {
      let child: string | undefined;
      await until(`the child of ${id}`, async () => {
        const filter = RunFilter.fromPartial({ parent: { kind: "run", id } });
        const { runs: found } = await runs.listRuns(ListRunsRequest.fromPartial({ filter }));
        child = found[0]?.runId;
        return child !== undefined;
      });
      return (await runs.getRun(GetRunRequest.fromPartial({ runId: child ?? "" }))).run;
    };
    const child = await childOf("order-1");
    const grandchild = await childOf(child?.runId ?? "");
    assert.deepEqual([child?.parent?.id, child?.root?.id], ["order-1", "order-1"]);
    assert.deepEqual([grandchild?.parent?.id, grandchild?.root?.id], [child?.runId, "order-1"]);
    assert.equal(grandchild?.root?.task, "");
  });

  it("are of the namespace of the run", async () => {
    await using serving = await Serving.open();
    const root = { namespace: "other", kind: "run", id: "order-1" };
    await assert.rejects(
      serving.host.mesh
        .client(runService)
        .startRun(StartRunRequest.fromPartial({ runId: "order-2", spec, root })),
      (error) => isTuttiError(error) && /other/.test(error.message),
    );
  });
});
