/** `run` starts workflows, missions and sessions, and every handle has the same methods. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ExecuteSessionRequest, sessionService } from "@tutti/contracts/session/v1";
import { missionService, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import type { TuttiError } from "@tutti/kernel";
import { input, set, type Worker, wait, workflow } from "@tutti/sdk";
import type { Handle, Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const counted = (by: number) =>
  workflow("counted", {
    vars: { note: "none" },
    queries: { note: { output: "${{ vars.note }}" } },
    updates: { note: { set: { note: "${{ payload }}" }, output: "${{ payload + '!' }}" } },
    tasks: { go: wait({ signal: "go" }), sum: set(`\${{ input.n + ${by} }}`, { needs: ["go"] }) },
    output: "${{ tasks.sum.output }}",
  });

describe("started work", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    await tutti.workflows.register(counted(1));
    worker = installation.worker({ agentId: "hand" });
    worker.handle("number.double", ({ n }: { readonly n: number }) => n * 2);
    await worker.start();
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const tasks = [{ id: "one", uses: "number.double", input: { n: 1 } }] as const;
  const starts: Readonly<Record<string, () => Promise<Handle>>> = {
    "a workflow by its name": () => tutti.run("counted", { input: { n: 1 } }),
    "a workflow of the builder": () => tutti.run(counted(1), { input: { n: 1 } }),
    "a session": () => tutti.run({ tasks, output: "tasks.one.output" }),
  };
  for (const [title, start] of Object.entries(starts))
    it(`${title} is signalled, explained, watched and removed by one handle`, async () => {
      const handle = await start();
      await handle.pause("the test looks at it");
      assert.match((await handle.why()).summary, /\S/);
      await handle.resume();
      await handle.signal("go");
      assert.equal(await handle.result(), 2);
      for await (const change of handle.watch()) assert.ok(change);
      assert.equal(await handle.remove("the test is over"), true);
    });

  it("is refused if its parent is in another namespace", async () => {
    const { mesh } = installation.host;
    const parent = { namespace: "elsewhere", kind: "run", id: "a" };
    const spec = {
      work: {
        $case: "tasks" as const,
        value: { tasks: [{ id: "a", work: { $case: "capability" as const, value: "x.y" } }] },
      },
    };
    const started = [
      mesh.client(runService, { service: "workflow" }).startRun(
        StartRunRequest.fromPartial({
          parent,
          spec: { what: { $case: "definition", value: { name: "a" } } },
        }),
      ),
      mesh
        .client(missionService, { service: "swarm" })
        .startMission(StartMissionRequest.fromPartial({ parent, what: { $case: "spec", value: {} } })),
      mesh
        .client(sessionService, { service: "master" })
        .executeSession(ExecuteSessionRequest.fromPartial({ parent, spec })),
    ];
    const codes = started.map((promise) => promise.then(String, ({ code }: TuttiError) => code));
    assert.deepEqual(await Promise.all(codes), [
      "workflow.parent_foreign",
      "board.parent_foreign",
      "session.parent_foreign",
    ]);
  });

  it("the run of a workflow is queried and updated besides", async () => {
    const run = await tutti.run("counted", { input: { n: 1 } });
    assert.equal(await run.query("note"), "none");
    assert.equal(await run.update("note", "soon"), "soon!");
    assert.equal(await run.query("note"), "soon");
    await run.cancel();
  });

  it("execute waits for the output of each of them", async () => {
    const tripled = workflow("tripled", {
      tasks: { triple: set("${{ input.n * 3 }}") },
      output: "${{ tasks.triple.output }}",
    });
    assert.equal(await tutti.execute(tripled, { input: { n: 2 } }), 6);
    assert.equal(await tutti.execute("tripled", { input: { n: 3 } }), 9);
    assert.equal(await tutti.execute({ tasks, output: "tasks.one.output" }), 2);
  });

  it("a workflow of the builder runs in its own version, even if a later one exists", async () => {
    const old = workflow("versions", { tasks: { only: set(input()) }, output: "old" });
    const run = await tutti.run(old, { id: "first" });
    await tutti.workflows.register(workflow("versions", { tasks: { only: set(input()) }, output: "new" }));
    assert.equal(await run.result(), "old");
    assert.equal(await tutti.execute(old), "old");
    assert.equal(await tutti.runs.get("first").result(), "old");
  });
});
