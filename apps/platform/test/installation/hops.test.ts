import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { OutsideClient } from "../support/outside-client.ts";
import { Installation } from "./installation.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

const definitions = [
  "workflow: inner\ntasks: {work: {uses: hops.work, timeout: 30s}}\noutput: ${{ tasks.work.output }}\n",
  "workflow: middle\ntasks: {down: {workflow: inner}}\noutput: ${{ tasks.down.output }}\n",
  "workflow: outer\ntasks: {down: {workflow: middle}}\noutput: ${{ tasks.down.output }}\n",
];

describe("a handler three hops away from who started the work", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open();
    worker = new Worker({ address: installation.address, handleSignals: false });
    worker.handle("hops.work", (_, context) => `${context}`);
    await worker.start();
    tutti = await connect({ address: installation.address });
    for (const definition of definitions) await tutti.register(definition);
  });
  after(async () => {
    await tutti.close();
    await worker.stop();
    await installation[Symbol.asyncDispose]();
  });

  it("prints for whom it works, how long it has left, in which trace, and under which key", async () => {
    const spec = { what: { $case: "definition" as const, value: { name: "outer" } } };
    using outsider = new OutsideClient(installation.address);
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const request = StartRunRequest.fromPartial({ runId: "hop", spec });
    await outsider.call(runService.methods.startRun, request, { headers });
    const printed = (await tutti.run("hop").result()) as string;
    assert.match(
      printed,
      new RegExp(
        [
          "^task hops.work@\\S+",
          " {2}caller {4}run hop\\.\\.down\\.\\.0\\.\\.down\\.\\.0, task work in namespace default, attempt 1",
          " {2}remaining (30\\.0|29\\.\\d) s",
          ` {2}trace {5}00-${traceId}-[0-9a-f]{16}-01`,
          " {2}key {7}hop\\.\\.down\\.\\.0\\.\\.down\\.\\.0/work$",
        ].join("\n"),
      ),
    );
  });
});
