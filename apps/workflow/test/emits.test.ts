import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  CreateTriggerRequest,
  definitionService,
  runService,
  StartRunRequest,
  triggerService,
} from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const pay = `workflow: pay
tasks:
  tell: {uses: tutti.emit, with: {type: shop.paid, data: "\${{ input }}"}}
output: "\${{ tasks.tell.output }}"
`;
const wrong = "workflow: wrong\ntasks: {tell: {uses: tutti.emit, with: {type: tutti.workflow.run.failed}}}\n";
const ship = "workflow: ship\ntasks: {one: {set: 1}}\noutput: ${{ input }}\n";
const waits = `workflow: waits
tasks: {paid: {wait: {event: shop.paid, if: event.data.order == 7}}}
output: "\${{ tasks.paid.output.data }}"
`;

const named = `workflow: named
tasks:
  tell: {uses: tutti.emit, with: {type: shop.told, source: "https://shop.example", data: 1}}
output: "\${{ tasks.tell.output }}"
`;
const forged =
  "workflow: forged\ntasks: {tell: {uses: tutti.emit, with: {type: shop.told, source: /tutti/runs/a}}}\n";

describe("tasks that emit events", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const start = async (name: string, runId: string, input: unknown) => {
    const value = Buffer.from(JSON.stringify(input));
    const spec = { input: { body: { $case: "inline" as const, value }, mediaType: "" } };
    const request = StartRunRequest.fromPartial({ runId, spec });
    if (request.spec !== undefined)
      request.spec.what = { $case: "definition", value: { name, version: undefined } };
    await runs().startRun(request);
  };
  const ended = async (runId: string) => {
    const { run } = await runs().awaitRun({ namespace: "", runId, waitMs: 30_000, afterEvent: 0 });
    return run;
  };

  before(async () => {
    serving = await Serving.open();
    for (const text of [pay, wrong, ship, waits, named, forged])
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", versionLabels: [], keepLatest: false },
        source: { format: 1, text, fileName: "" },
      });
    await serving.host.mesh.client(triggerService).createTrigger(
      CreateTriggerRequest.fromPartial({
        trigger: {
          triggerId: "ship",
          source: { kind: { $case: "event", value: { type: "shop.paid", source: "" } } },
          runId: "ship-${{ event.data.order }}",
          run: { what: { $case: "definition", value: { name: "ship" } } },
        },
      }),
    );
  });

  after(() => serving[Symbol.asyncDispose]());

  it("start runs of triggers, and wake runs that wait for the event", async () => {
    await start("waits", "waits-1", null);
    await start("pay", "pay-7", { order: 7 });
    assert.equal((await ended("pay-7"))?.status, WorkStatus.WORK_STATUS_COMPLETED);
    const resumed = await ended("waits-1");
    assert.equal(resumed?.status, WorkStatus.WORK_STATUS_COMPLETED);
    await until("the trigger has started a run", async () => {
      const found = await ended("ship-7").catch(() => undefined);
      return found?.status === WorkStatus.WORK_STATUS_COMPLETED;
    });
    const { trigger } = await serving.host.mesh
      .client(triggerService)
      .getTrigger({ namespace: "", triggerId: "ship" });
    assert.deepEqual([trigger?.counts?.received, trigger?.counts?.started], [1, 1]);
  });

  it("have a source other than Tutti, and different ids in different runs", async () => {
    const outputs = [];
    for (const id of ["named-1", "named-2"]) {
      await start("named", id, null);
      const result = (await ended(id))?.outcome?.result;
      const body = result?.$case === "completed" ? result.value.body : undefined;
      outputs.push(JSON.parse(String(body?.$case === "inline" && Buffer.from(body.value))));
    }
    const [one, other] = outputs;
    assert.deepEqual(Object.keys(one), ["id", "source", "type", "time"]);
    assert.equal(one.source, "https://shop.example");
    assert.equal(new Date(one.time).toISOString(), one.time);
    assert.notEqual(one.id, other.id);
    assert.match(one.id, /^named-1-tell-/);
    await start("forged", "forged-1", null);
    assert.match(JSON.stringify((await ended("forged-1"))?.outcome), /not of Tutti/);
  });

  it("fail if the event may not be posted", async () => {
    await start("wrong", "wrong-1", null);
    const run = await ended("wrong-1");
    assert.equal(run?.status, WorkStatus.WORK_STATUS_FAILED);
    assert.match(JSON.stringify(run?.outcome), /event\.event_invalid/);
  });
});
