import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ExecuteSessionRequest, Mode, sessionService } from "@tutti/contracts/session/v1";
import { runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { OutsideClient } from "../support/outside-client.ts";
import { Installation } from "./installation.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

const definitions = [
  "workflow: inner\ntasks: {work: {uses: hops.work, timeout: 30s}}\noutput: ${{ tasks.work.output }}\n",
  "workflow: middle\ntasks: {down: {workflow: inner}}\noutput: ${{ tasks.down.output }}\n",
  "workflow: outer\ntasks: {down: {workflow: middle}}\noutput: ${{ tasks.down.output }}\n",
];

describe("a handler three hops away from the caller", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    worker = installation.worker({});
    worker.handle("hops.work", (_, context) => `${context}`);
    await worker.start();
    tutti = await installation.client();
    for (const definition of definitions) await tutti.workflows.register(definition);
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("prints its caller, remaining time, trace and idempotency key", async () => {
    const spec = { what: { $case: "definition" as const, value: { name: "outer" } } };
    using outsider = new OutsideClient(installation.address);
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const request = StartRunRequest.fromPartial({ runId: "hop", spec });
    await outsider.call(runService.methods.startRun, request, { headers });
    const printed = (await tutti.runs.get("hop").result()) as string;
    assert.match(
      printed,
      new RegExp(
        [
          "^task hops.work@\\S+",
          " {2}caller {4}run hop\\.\\.down\\.\\.0\\.\\.down\\.\\.0, task work in namespace default, attempt 1",
          " {2}remaining (30|29) s",
          ` {2}trace {5}00-${traceId}-[0-9a-f]{16}-01`,
          " {2}key {7}hop\\.\\.down\\.\\.0\\.\\.down\\.\\.0/work$",
        ].join("\n"),
      ),
    );
  });

  for (const [name, mode] of [
    ["workflow", Mode.MODE_WORKFLOW],
    ["swarm", Mode.MODE_SWARM],
    ["intelligence", Mode.MODE_INTELLIGENCE],
  ] as const)
    it(`is in the trace of its session's caller, in the mode ${name}`, async () => {
      const own = `${traceId.slice(0, -2)}0${mode}`;
      const tasks = [
        { id: "first", work: { $case: "capability" as const, value: "hops.work" } },
        {
          ...{ id: "second", needs: [{ task: "first" }] },
          work: { $case: "capability" as const, value: "hops.work" },
        },
      ];
      using outsider = new OutsideClient(installation.address);
      const headers = { traceparent: `00-${own}-00f067aa0ba902b7-01` };
      const work = { $case: "tasks" as const, value: { tasks } };
      const request = ExecuteSessionRequest.fromPartial({ sessionId: `hop-${name}`, spec: { mode, work } });
      await outsider.call(sessionService.methods.executeSession, request, { headers });
      const outputs = (await tutti.sessions.get(`hop-${name}`).result()) as Record<string, string>;
      for (const id of ["first", "second"]) assert.match(outputs[id] ?? "", new RegExp(` trace +00-${own}-`));
    });
});
