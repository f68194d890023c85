/** An installation that starts paused: no work is executed, all of it is readable, and parts of it are released. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  GetHistoryRequest,
  GetPauseRequest,
  ReleaseWorkRequest,
  runtimeService,
} from "@tutti/contracts/runtime/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  definitionService,
  ExplainRunRequest,
  ListRunsRequest,
  runService,
  SourceFormat,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import type { Worker } from "@tutti/sdk";
import { Installation } from "./installation.ts";

const source = `workflow: careful
tasks:
  first: {uses: paused.count, with: {of: "\${{ input.of }}"}}
  rest: {needs: [first], wait: 10ms}
  last: {needs: [rest], uses: paused.count, with: {of: "\${{ input.of }}"}}
`;
const incident = "--durable.pause=incident-7";

describe("an installation that starts paused", () => {
  let installation: Installation;
  let workers: Worker[] = [];
  let done: string[] = [];
  const client = () => installation.host.mesh.client(runService);
  const pauses = () => installation.host.mesh.client(runtimeService, { service: "workflow" });
  const startRun = (runId: string, namespace = "") =>
    client().startRun(
      StartRunRequest.fromPartial({
        ...{ namespace, runId },
        spec: {
          what: { $case: "definition", value: { name: "careful" } },
          input: { body: { $case: "inline", value: Buffer.from(JSON.stringify({ of: runId })) } },
        },
      }),
    );
  const end = async (runId: string, namespace = "") => {
    for (;;) {
      const query = AwaitRunRequest.fromPartial({ namespace, runId, waitMs: 10_000 });
      const { run } = await client().awaitRun(query);
      if (run?.endTime !== undefined) return run;
    }
  };
  const work = async (): Promise<void> => {
    workers = ["default", "shop"].map((namespace) => installation.worker({ namespace, slots: 8 }));
    for (const worker of workers) {
      worker.handle("paused.count", async ({ of }: { of: string }) => ({ done: done.push(of) }));
      await worker.start();
    }
  };

  before(async () => {
    installation = await Installation.open();
    for (const namespace of ["", "shop"])
      await installation.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace, source: { format: SourceFormat.SOURCE_FORMAT_YAML, text: source, fileName: "" } },
        ...{ versionLabels: [], keepLatest: false },
      });
    await startRun("before-a");
    await startRun("before-b", "shop");
    await installation.restart([incident]);
    await work();
  });

  after(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await installation?.[Symbol.asyncDispose]();
  });

  it("does no work started before or after the pause", async () => {
    await startRun("now");
    const { paused, services } = await pauses().getPause(GetPauseRequest.create());
    assert.equal(paused, true);
    assert.deepEqual(
      services.map(({ service, name, partitions }) => [service, name, partitions.length]),
      [
        ["workflow", "incident-7", 16],
        ["swarm", "incident-7", 16],
        ["master", "incident-7", 16],
      ],
    );
    const { run } = await client().awaitRun(AwaitRunRequest.fromPartial({ runId: "now", waitMs: 300 }));
    assert.equal(run?.endTime, undefined);
    assert.deepEqual(done, []);
  });

  it("shows lists, histories, and why it waits", async () => {
    const { runs } = await client().listRuns(ListRunsRequest.create());
    assert.ok(runs.some(({ runId }) => runId === "before-a"));
    const { events } = await pauses().getHistory(
      GetHistoryRequest.fromPartial({ kind: "run", id: "before-a" }),
    );
    assert.ok(events.length > 0);
    const { explanation } = await client().explainRun(ExplainRunRequest.fromPartial({ runId: "before-a" }));
    assert.match(explanation?.summary ?? "", /^The installation is paused \(incident-7\)/);
    assert.equal(explanation?.waits[0]?.cause, WaitCause.WAIT_CAUSE_PAUSED);
    assert.ok(explanation.remedies.some(({ command }) => command === "tutti release --all"));
  });

  it("gives the pause as the only reason, of the run and of a queued task", async () => {
    for (const taskId of ["", "first"]) {
      const { explanation } = await client().explainRun(
        ExplainRunRequest.fromPartial({ runId: "before-a", taskId }),
      );
      const causes = explanation?.waits.filter(({ present }) => present).map(({ cause }) => cause) ?? [];
      assert.ok(
        causes.length > 0 && causes.every((cause) => cause === WaitCause.WAIT_CAUSE_PAUSED),
        `${causes}`,
      );
      assert.doesNotMatch(explanation?.summary ?? "", /for an agent/);
    }
  });

  it("resumes only the released namespace", async () => {
    const { pause } = await pauses().releaseWork(
      ReleaseWorkRequest.fromPartial({ ofNamespace: "shop", reason: "it was not touched" }),
    );
    assert.equal(pause?.paused, true);
    assert.deepEqual(pause.services[0]?.released, [{ ofNamespace: "shop", share: 100 }]);
    await end("before-b", "shop");
    assert.deepEqual(done, ["before-b", "before-b"]);
  });

  it("keeps its releases across restarts, and resumes completely when everything is released", async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await installation.restart();
    await work();
    await startRun("later", "shop");
    await end("later", "shop");
    done = [];
    const { pause } = await pauses().releaseWork(ReleaseWorkRequest.create());
    assert.equal(pause?.paused, false);
    await Promise.all([end("before-a"), end("now")]);
    assert.deepEqual([...done].sort(), ["before-a", "before-a", "now", "now"]);
    await Promise.all(workers.map((worker) => worker.stop()));
    await installation.restart([incident]);
    await work();
    await startRun("again");
    await end("again");
  });

  it("refuses to release a service that is never paused, or an unknown partition", async () => {
    const refused = (request: Partial<ReleaseWorkRequest>) =>
      pauses()
        .releaseWork(ReleaseWorkRequest.fromPartial(request))
        .then(
          () => "released",
          ({ code }) => code,
        );
    assert.equal(await refused({ services: ["governance"] }), "host.never_paused");
    assert.equal(await refused({ partitions: [16] }), "host.no_such_partition");
  });
});
