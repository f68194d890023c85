import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AddTasksRequest,
  Assignment,
  boardService,
  missionService,
  StartMissionRequest,
} from "@tutti/contracts/swarm/v1";
import { RestartableHost } from "@tutti/host/testing";
import { isTuttiError } from "@tutti/kernel";
import { swarm } from "../src/service.ts";

type Task = NonNullable<NonNullable<Parameters<typeof AddTasksRequest.fromPartial>[0]["tasks"]>[number]>;

describe("tasks with features that missions do not support", () => {
  let restartable: RestartableHost;
  before(async () => {
    restartable = await RestartableHost.open({ name: "swarm", services: [swarm], transport: "in-process" });
  });
  after(() => restartable[Symbol.asyncDispose]());

  const task = (fields: Task): Task => ({ id: "a", work: { $case: "capability", value: "x.y" }, ...fields });
  const start = (missionId: string, assignment: Assignment, ...tasks: Task[]) =>
    restartable.host.mesh
      .client(missionService)
      .startMission(
        StartMissionRequest.fromPartial({ missionId, what: { $case: "spec", value: { assignment, tasks } } }),
      );
  const add = (missionId: string, ...tasks: Task[]) =>
    restartable.host.mesh.client(boardService).addTasks(AddTasksRequest.fromPartial({ missionId, tasks }));
  const refused = (promise: Promise<unknown>, expected: RegExp) =>
    assert.rejects(
      promise,
      (error) => isTuttiError(error) && error.code === "mission.task_invalid" && expected.test(error.message),
    );
  const undone = task({ compensate: { capability: "x.z" } });
  const limited = task({ limits: [{ key: "printer", maxConcurrent: 1 }] });
  const { ASSIGNMENT_CLAIMED: claimed, ASSIGNMENT_BOTH: both } = Assignment;

  it("are refused at the start and when they are added, and change nothing in the mission", async () => {
    await refused(start("undone", both, undone), /task a: expected no `compensate`.*workflow/);
    await refused(start("claimed", claimed, limited), /task a: expected no limits by key.*Offer the tasks/);
    await start("open", claimed, task({ id: "first" }));
    await refused(add("open", task({ id: "fine" }), undone), /compensate/);
    await refused(add("open", limited), /limits by key/);
    const { tasks } = await restartable.host.mesh.client(boardService).listTasks({
      ...{ namespace: "", missionId: "open", statuses: [], claimedBy: "", parentTaskId: "", text: "" },
      page: undefined,
    });
    assert.deepEqual(
      tasks.map(({ spec }) => spec?.id),
      ["first"],
    );
  });

  it("are accepted if the pool provides the features", async () => {
    const { mission } = await start(
      "offered",
      both,
      limited,
      task({ id: "b", cache: { key: "k", ttlMs: 1 } }),
    );
    assert.equal(mission?.tasks?.total, 2);
    await add("offered", { ...limited, id: "c" });
  });
});
