import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CloudEvent,
  definitionService,
  GetRunRequest,
  PublishEventsRequest,
  runService,
  SignalRunRequest,
  StartRunRequest,
  triggerService,
} from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { nextMoment, Serving } from "./serving.ts";

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value), "utf8");
const inline = (value: unknown) => ({
  body: { $case: "inline" as const, value: bytes(value) },
  mediaType: "",
});

const definitions = [
  `workflow: paid
tasks:
  paid: {wait: {event: shop.paid, if: event.data.order == input.order}}
output: "\${{ tasks.paid.output.data }}"
`,
  `workflow: late
tasks:
  go: {wait: {signal: go}}
  paid: {needs: [go], wait: {event: shop.late, source: /shop}}
output: "\${{ tasks.paid.output.id }}"
`,
  `workflow: both
tasks:
  one: {wait: {event: shop.both}}
  two: {needs: [one], wait: {event: shop.both}}
output: ["\${{ tasks.one.output.id }}", "\${{ tasks.two.output.id }}"]
`,
  `workflow: follows
tasks:
  end: {wait: {event: tutti.workflow.run.completed, if: event.data.definition == 'short'}}
output: "\${{ tasks.end.output.type }}"
`,
  "workflow: short\ntasks: {rest: {wait: {for: 1ms}}}\n",
];

describe("runs that wait for events", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const start = (definition: string, runId: string, input: unknown = {}) =>
    runs().startRun(
      StartRunRequest.fromPartial({
        runId,
        spec: { what: { $case: "definition", value: { name: definition } }, input: inline(input) },
      }),
    );
  const event = (type: string, id: string, data: unknown = {}, source = "/shop") =>
    CloudEvent.fromPartial({ id, source, type, data: inline(data) });
  const post = (...events: readonly CloudEvent[]) =>
    serving.host.mesh
      .client(triggerService)
      .publishEvents(PublishEventsRequest.fromPartial({ events: [...events] }));
  const runOf = async (runId: string) => (await runs().getRun(GetRunRequest.fromPartial({ runId }))).run;
  const outputOf = async (runId: string): Promise<unknown> => {
    let output: unknown;
    await until(`${runId} to end`, async () => {
      const result = (await runOf(runId))?.outcome?.result;
      if (result === undefined) return false;
      assert.ok(result.$case === "completed", `${runId} ${result.$case}`);
      const { body } = result.value;
      output = body?.$case === "inline" ? JSON.parse(Buffer.from(body.value).toString("utf8")) : undefined;
      return true;
    });
    return output;
  };
  const waits = (runId: string) =>
    until(`${runId} to wait`, async () => ((await runOf(runId))?.tasks?.waiting ?? 0) > 0);

  before(async () => {
    serving = await Serving.open();
    for (const text of definitions)
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", versionLabels: [], keepLatest: false },
        source: { format: 1, text, fileName: "" },
      });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("each run receives the event that matches its condition", async () => {
    for (const order of [1, 2]) await start("paid", `paid-${order}`, { order });
    for (const order of [1, 2]) await waits(`paid-${order}`);
    await post(event("shop.paid", "p1", { order: 1, total: 5 }), event("shop.paid", "p3", { order: 3 }));
    // The caller gets its answer when the run has the event.
    assert.notEqual((await runOf("paid-1"))?.outcome, undefined);
    assert.deepEqual(await outputOf("paid-1"), { order: 1, total: 5 });
    assert.equal((await runOf("paid-2"))?.tasks?.waiting, 1);
    await post(event("shop.paid", "p2", { order: 2 }));
    assert.deepEqual(await outputOf("paid-2"), { order: 2 });
  });

  it("a task that starts to wait later reads events since the start of its run, the oldest first", async () => {
    await post(event("shop.late", "too-early"));
    await nextMoment();
    await start("late", "late");
    await waits("late");
    await post(event("shop.late", "other", {}, "/other"), event("shop.late", "l1"), event("shop.late", "l2"));
    await runs().signalRun(SignalRunRequest.fromPartial({ runId: "late", signal: "go" }));
    assert.equal(await outputOf("late"), "l1");
  });

  it("a run receives each event once, even if it is posted again", async () => {
    await start("both", "both");
    await waits("both");
    await post(event("shop.both", "b1"));
    await post(event("shop.both", "b1"));
    await waits("both");
    assert.equal((await runOf("both"))?.outcome, undefined);
    await post(event("shop.both", "b2"));
    assert.deepEqual(await outputOf("both"), ["b1", "b2"]);
  });

  it("a run waits for events of Tutti itself", async () => {
    await start("follows", "follows");
    await waits("follows");
    await start("short", "short");
    assert.equal(await outputOf("follows"), "tutti.workflow.run.completed");
  });

  it("waits on after a restart", async () => {
    await start("paid", "kept", { order: 9 });
    await waits("kept");
    await serving.restart();
    assert.equal((await runOf("kept"))?.tasks?.waiting, 1);
    await until("the event to be taken", async () => {
      await post(event("shop.paid", "k9", { order: 9 }));
      return (await runOf("kept"))?.outcome !== undefined;
    });
    assert.deepEqual(await outputOf("kept"), { order: 9 });
  });
});
