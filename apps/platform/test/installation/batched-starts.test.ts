/** Many starts at once: their runs share a stream, and each caller gets what a call of its own gives. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { runService, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import type { Worker } from "@tutti/sdk";
import type { StartOptions, Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const definitions = [
  `workflow: double
input: {schema: {type: integer}}
tasks: {double: {uses: math.double, with: "\${{ input }}"}}
output: "\${{ tasks.double.output }}"
`,
  `workflow: set
tasks: {done: {set: [1]}}
output: "\${{ tasks.done.output }}"
`,
  "workflow: nothing\ntasks: {wait: {wait: 1s}}\n",
  "workflow: failing\ntasks: {fail: {uses: math.fail, retry: {attempts: 1}}}\n",
  `workflow: counting
input: {schema: {type: integer}}
tasks: {next: {set: "\${{ input + 1 }}"}}
continueAsNew: {when: "\${{ input < 3 }}", with: "\${{ tasks.next.output }}"}
output: "\${{ input }}"
`,
];

describe("many workflows that are started at once", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({ agentId: "w-1", slots: 50 });
    worker.handle("math.double", (value: number) => value * 2);
    worker.handle("math.fail", () => Promise.reject(new Error("no")));
    await worker.start();
    for (const text of definitions) await tutti.workflows.register(text);
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("return their outputs and errors as alone", async () => {
    const wanted: [string, unknown?][] = Array.from({ length: 20 }, (_, number) => ["double", number]);
    wanted.push(["set"], ["nothing"], ["failing"], ["counting", 1], ["missing"], ["double", "text"]);
    const outcomeOf = async ([name, input]: [string, unknown?]) => {
      try {
        return { output: await tutti.execute(name, input === undefined ? {} : { input }) };
      } catch (error) {
        assert.ok(isTuttiError(error));
        return { code: error.code, message: error.message };
      }
    };
    const together = await Promise.all(wanted.map(outcomeOf));
    const alone: unknown[] = [];
    for (const each of wanted) alone.push(await outcomeOf(each));
    assert.deepEqual(together, alone);
    assert.deepEqual(
      [together[0], together[20], together[23]],
      [{ output: 0 }, { output: [1] }, { output: 3 }],
    );
  });

  it("are started, and exist already, as alone", async () => {
    const wanted: [string, StartOptions][] = Array.from({ length: 20 }, (_, number) => [
      "double",
      number % 2 === 0 ? { input: number >> 2, id: `twice-${number >> 2}` } : { input: number },
    ]);
    wanted.push(["double", { id: "twice-0", input: 9 }]);
    wanted.push(["double", { id: "labelled", input: 1, labels: { of: "me" } }], ["missing", {}]);
    const started = await Promise.all(
      wanted.map(([name, options]) => tutti.run(name, options).catch((error: unknown) => String(error))),
    );
    const handles = started.filter((run) => typeof run !== "string");
    const outputs = await Promise.all(handles.map((run) => run.result()));
    const existed = handles.filter((run) => run.existed);
    assert.equal(new Set(handles.map(({ id }) => id)).size, 10 + 5 + 1);
    assert.deepEqual([existed.length, outputs[1], outputs.at(-1)], [5, 2, 2]);
    const alone: unknown[] = [];
    for (const [name, options] of [wanted[20], wanted[22]].filter((one) => one !== undefined))
      alone.push(await tutti.run(name, options).catch((error: unknown) => String(error)));
    assert.deepEqual([started[20], started[22]], alone);
    assert.match(String(alone[0]), /twice-0/);
  });

  it("are the same runs if a call starts them again, as after a break", async () => {
    const request = StartRunsRequest.fromPartial({
      specs: [{ what: { $case: "definition", value: { name: "double" } } }],
      items: [{ runId: "again", spec: 1, input: { $case: "inlineInput", value: Buffer.from("7") } }],
      follow: true,
    });
    const runs = installation.host.mesh.client(runService);
    const requests = async function* () {
      yield request;
    };
    for await (const _ of runs.startRuns(requests()));
    const run = await tutti.run("double", { id: "again", input: 7 });
    assert.deepEqual([run.existed, await run.result()], [true, 14]);
  });

  it("end for each item that names them, also if another one is refused", async () => {
    const item = (input: number) => ({
      runId: "shared",
      spec: 1,
      input: { $case: "inlineInput" as const, value: Buffer.from(String(input)) },
    });
    const request = StartRunsRequest.fromPartial({
      specs: [{ what: { $case: "definition", value: { name: "double" } } }],
      items: [item(4), item(4), item(5)],
      follow: true,
    });
    const ended: number[] = [];
    const refused: number[] = [];
    const requests = async function* () {
      yield request;
    };
    for await (const { receipts, ends } of installation.host.mesh.client(runService).startRuns(requests())) {
      refused.push(...receipts.filter(({ refusal }) => refusal !== undefined).map(({ number }) => number));
      ended.push(...ends.map(({ number }) => number));
    }
    assert.deepEqual({ ended, refused }, { ended: [1, 2], refused: [3] });
  });

  it("have large inputs", async () => {
    const large = "x".repeat(50_000);
    await tutti.workflows.register(
      'workflow: echo\ntasks: {done: {set: "${{ input }}"}}\noutput: "${{ tasks.done.output }}"\n',
    );
    const outputs = await Promise.all(
      Array.from({ length: 40 }, (_, number) => tutti.execute("echo", { input: `${number}${large}` })),
    );
    assert.deepEqual(
      outputs,
      Array.from({ length: 40 }, (_, number) => `${number}${large}`),
    );
  });
});
