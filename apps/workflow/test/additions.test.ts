import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { NeedCondition, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AddTasksRequest,
  AwaitRunRequest,
  BringInOutcomesRequest,
  definitionService,
  ListTasksRequest,
  type Run,
  runService,
  StartRunRequest,
  taskService,
  WithdrawTasksRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { Serving } from "./serving.ts";

const growing = `workflow: growing
tasks:
  first: {set: {n: 1}}
  hold: {uses: no.body}
  end: {needs: [hold], set: "\${{ tasks.hold.output }}"}
output: "\${{ tasks.end.output }}"
`;

const json = (value: unknown) => ({
  body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
  mediaType: "",
});
const completed = (value: unknown) => ({ result: { $case: "completed" as const, value: json(value) } });

describe("added and withdrawn tasks", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const tasks = () => serving.host.mesh.client(taskService);
  const start = (runId: string) =>
    runs().startRun(
      StartRunRequest.fromPartial({
        runId,
        spec: { what: { $case: "definition", value: { name: "growing" } } },
      }),
    );
  const uses = (id: string, needs: readonly string[] = []) => ({
    id,
    work: { $case: "capability" as const, value: "no.body" },
    needs: needs.map((task) => ({ task, condition: NeedCondition.NEED_CONDITION_SUCCESS })),
  });
  const add = (runId: string, specs: ReturnType<typeof uses>[], idempotencyKey = "") =>
    tasks().addTasks(AddTasksRequest.fromPartial({ runId, tasks: specs, reason: "more", idempotencyKey }));
  const statusesOf = async (runId: string) => {
    const reply = await tasks().listTasks(ListTasksRequest.fromPartial({ runId }));
    return Object.fromEntries(reply.tasks.map(({ taskId, status }) => [taskId, status]));
  };
  const bringIn = (runId: string, taskId: string, value: unknown) =>
    tasks().bringInOutcomes(
      BringInOutcomesRequest.fromPartial({ runId, outcomes: [{ taskId, outcome: completed(value) }] }),
    );
  const mended = (runId: string, taskId: string) =>
    tasks().repairTask({
      ...{ namespace: "", runId, taskId, reason: "done by hand", idempotencyKey: "" },
      repair: { $case: "output", value: json("by hand") },
    });
  const { TASK_STATUS_QUEUED: queued, TASK_STATUS_PENDING: pending } = TaskStatus;

  before(async () => {
    serving = await Serving.open();
    await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text: growing, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("added tasks may depend on each other and on existing tasks, and a repeated call changes nothing", async () => {
    await start("grown");
    const specs = [uses("early", ["first"]), uses("late", ["early", "hold"])];
    assert.equal((await add("grown", specs, "key")).total, 5);
    assert.equal((await add("grown", specs, "key")).total, 5);
    await assert.rejects(
      add("grown", specs, "another"),
      (error) => isTuttiError(error) && error.code === "workflow.task_taken",
    );
    const { early, late } = await statusesOf("grown");
    assert.deepEqual([early, late], [queued, pending]);
    for (const task of ["hold", "early", "late"]) await mended("grown", task);
    const { run } = await runs().awaitRun(AwaitRunRequest.fromPartial({ runId: "grown", waitMs: 10_000 }));
    assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("no task is added if one is invalid, and the error names it", async () => {
    await start("wrong");
    const refused = (status: string, named: RegExp) => (error: unknown) =>
      isTuttiError(error) && error.status === status && named.test(error.message);
    await assert.rejects(add("wrong", [uses("a"), uses("first")]), refused("ALREADY_EXISTS", /first/));
    await assert.rejects(add("wrong", [uses("a"), uses("a")]), refused("INVALID_ARGUMENT", /\ba\b/));
    await assert.rejects(add("wrong", [uses("a", ["nowhere"])]), refused("INVALID_ARGUMENT", /nowhere/));
    await assert.rejects(
      add("wrong", [uses("a", ["b"]), uses("b", ["a"])]),
      refused("INVALID_ARGUMENT", /\ba\b|\bb\b/),
    );
    assert.deepEqual(Object.keys(await statusesOf("wrong")), ["first", "hold", "end"]);
    await assert.rejects(add("nobody", [uses("a")]), refused("NOT_FOUND", /nobody/));
  });

  it("tasks that have not started can be withdrawn, and end with external results", async () => {
    await start("split");
    const { withdrawnTaskIds, begunTaskIds } = await tasks().withdrawTasks(
      WithdrawTasksRequest.fromPartial({ runId: "split", taskIds: ["end", "hold"], reason: "elsewhere" }),
    );
    assert.deepEqual([withdrawnTaskIds, begunTaskIds], [["end"], ["hold"]]);
    assert.deepEqual((await bringIn("split", "hold", 1)).refusedTaskIds, ["hold"]);
    await mended("split", "hold");
    assert.equal((await statusesOf("split"))["end"], pending);
    assert.deepEqual((await bringIn("split", "end", "from afar")).refusedTaskIds, []);
    const { run } = await runs().awaitRun(AwaitRunRequest.fromPartial({ runId: "split", waitMs: 10_000 }));
    assert.equal(outputOf(run), "from afar");
  });
});

function outputOf(run: Run | undefined): unknown {
  const result = run?.outcome?.result;
  const body = result?.$case === "completed" ? result.value.body : undefined;
  return body?.$case === "inline" ? JSON.parse(Buffer.from(body.value).toString()) : undefined;
}
