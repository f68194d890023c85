import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { agentPollService, ClaimTasksRequest, CompleteTasksRequest } from "@tutti/contracts/agent/v1";
import { blobService, PutRequest } from "@tutti/contracts/blob/v1";
import { ExecuteSessionRequest, SignalSessionRequest, sessionService } from "@tutti/contracts/session/v1";
import { missionService, SignalMissionRequest, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { Payload } from "@tutti/contracts/types/v1";
import {
  runService,
  SignalRunRequest,
  SignalRunsRequest,
  StartRunRequest,
  StartRunsRequest,
  UpdateRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const content = Buffer.from("a picture");
const sha256 = createHash("sha256").update(content).digest();
const input = Payload.fromPartial({
  body: { $case: "blob", value: { sha256, size: content.length } },
  mediaType: "image/png",
});
const offering = { capabilities: [{ name: "blob.work", version: "1.0.0" }], slots: 4 };

describe("a reference to a blob that does not exist", () => {
  let installation: Installation;
  let tutti: Tutti;
  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    await tutti.workflows.register("workflow: draws\ntasks: {a: {uses: blob.work}}\n");
    await tutti.workflows.register("workflow: waits\nsignals: {go: {}}\ntasks: {a: {wait: {signal: go}}}\n");
    await tutti.run("waits", { id: "waiting" });
    await tutti.run("draws", { id: "drawing" });
  });
  after(async () => {
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const runs = () => installation.host.mesh.client(runService);
  const spec = (name: string) => ({ what: { $case: "definition" as const, value: { name } }, input });
  async function refused(call: () => Promise<unknown>, field: string): Promise<void> {
    await assert.rejects(call, (error) => {
      assert.ok(isTuttiError(error) && error.code === "host.blob_absent", String(error));
      assert.equal(error.violations[0]?.field, field);
      return true;
    });
  }

  it("is refused in starts, signals and updates", async () => {
    const { mesh } = installation.host;
    const calls: readonly [string, () => Promise<unknown>][] = [
      ["spec.input", () => runs().startRun(StartRunRequest.fromPartial({ spec: spec("draws") }))],
      [
        "payload",
        () =>
          runs().signalRun(SignalRunRequest.fromPartial({ runId: "waiting", signal: "go", payload: input })),
      ],
      [
        "payload",
        () =>
          runs().updateRun(UpdateRunRequest.fromPartial({ runId: "waiting", update: "go", payload: input })),
      ],
      [
        "payload",
        () =>
          mesh
            .client(sessionService)
            .signalSession(
              SignalSessionRequest.fromPartial({ sessionId: "none", signal: "go", payload: input }),
            ),
      ],
      [
        "payload",
        () =>
          mesh
            .client(missionService)
            .signalMission(
              SignalMissionRequest.fromPartial({ missionId: "none", signal: "go", payload: input }),
            ),
      ],
      [
        "spec.goal.input",
        () =>
          mesh.client(sessionService).executeSession(
            ExecuteSessionRequest.fromPartial({
              spec: { work: { $case: "goal", value: { description: "draw", input } } },
            }),
          ),
      ],
    ];
    for (const [field, call] of calls) await refused(call, field);
    await refused(
      () =>
        mesh
          .client(missionService)
          .startMission(StartMissionRequest.fromPartial({ what: { $case: "spec", value: { input } } })),
      "spec.input",
    );
  });

  it("is refused only for the item of a batch that has it", async () => {
    const request = StartRunsRequest.fromPartial({
      specs: [{ what: { $case: "definition", value: { name: "draws" } } }],
      items: [
        { spec: 1, runId: "with", input: { $case: "inputPayload", value: input } },
        { spec: 1, runId: "without" },
      ],
    });
    const codes = new Map<number, string>();
    for await (const { receipts } of runs().startRuns(singleMessage(request)))
      for (const { number, refusal } of receipts) codes.set(number, refusal?.code ?? "");
    assert.deepEqual([codes.get(1), codes.get(2)], ["host.blob_absent", ""]);
    const signals = SignalRunsRequest.fromPartial({
      items: [{ runId: "waiting", signal: "go", payload: input }],
    });
    for await (const { receipts } of runs().signalRuns(singleMessage(signals)))
      assert.equal(receipts[0]?.refusal?.code, "host.blob_absent");
  });

  it("is refused as an output, and accepted once the blob exists", async () => {
    const polls = installation.host.mesh.client(agentPollService, { service: "swarm" });
    const { tasks } = await polls.claimTasks(
      ClaimTasksRequest.fromPartial({ agentId: "script", offering, waitMs: 10_000, count: 1 }),
    );
    const [task] = tasks;
    assert.ok(task !== undefined);
    const outcome = { $case: "output" as const, value: input };
    const completion = CompleteTasksRequest.fromPartial({
      agentId: "script",
      completions: [{ token: task.token, outcome }],
    });
    await refused(() => polls.completeTasks(completion), "completions[0].output");
    await installation.host.mesh.client(blobService).put(
      (async function* () {
        yield PutRequest.fromPartial({ part: { $case: "header", value: {} } });
        yield PutRequest.fromPartial({ part: { $case: "chunk", value: content } });
      })(),
    );
    const { receipts } = await polls.completeTasks(completion);
    assert.equal(receipts[0]?.accepted, true);
    const { run } = await runs().startRun(StartRunRequest.fromPartial({ spec: spec("draws") }));
    assert.ok(run !== undefined);
  });
});

async function* singleMessage<Message>(message: Message): AsyncGenerator<Message> {
  yield message;
}
