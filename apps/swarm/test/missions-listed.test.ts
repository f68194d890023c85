import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  Budget,
  boardService,
  ClaimTasksRequest,
  CompleteTasksRequest,
  JoinMissionRequest,
  ListMissionsRequest,
  type Mission,
  missionService,
  OpenVoteRequest,
  ReserveBudgetRequest,
  StartMissionRequest,
} from "@tutti/contracts/swarm/v1";
import { RestartableHost } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import { swarm } from "../src/service.ts";

describe("lists of missions", () => {
  let restartable: RestartableHost;
  const missions = () => restartable.host.mesh.client(missionService);
  const board = () => restartable.host.mesh.client(boardService);
  const missionId = "listed";
  const ann = { missionId, agentId: "ann" };
  const readMission = async () => {
    const { mission } = await missions().getMission({ namespace: "", missionId, atEvent: 0 });
    assert.ok(mission);
    return mission;
  };
  const linesOf = (mission: Mission | undefined) => {
    const { limit, spent, reserved } = mission?.budget ?? Budget.create();
    const budget = { limit, spent, reserved };
    return {
      ...{ tasks: mission?.tasks, openVotes: mission?.openVotes, leader: mission?.leader },
      ...{ openApprovals: mission?.openApprovals, trouble: mission?.trouble, budget },
    };
  };
  /** Returns its index line, as soon as it is as new as the mission. */
  const line = () =>
    until("the index", async () => {
      const [[listed], now] = [await list({ missionIds: [missionId] }), await readMission()];
      return listed !== undefined && listed.eventCount >= now.eventCount && listed;
    });
  const list = async (filter: Parameters<typeof ListMissionsRequest.fromPartial>[0]["filter"]) =>
    (await missions().listMissions(ListMissionsRequest.fromPartial({ filter }))).missions;

  before(async () => {
    restartable = await RestartableHost.open({ name: "swarm", services: [swarm], transport: "in-process" });
    const task = (id: string) => ({ id, work: { $case: "capability", value: "test.nobody" } as const });
    const spec = {
      ...{ title: "to be listed", leadership: { enabled: true, leaseMs: 60_000 } },
      tasks: [task("a"), task("b"), task("c")],
      budget: { amounts: { tokens: 1_000, money: 2 } },
      stopConditions: [{ name: "lost", condition: "tasks.a.status == 'failed'" }],
    };
    await missions().startMission(
      StartMissionRequest.fromPartial({ missionId, what: { $case: "spec", value: spec } }),
    );
    await board().joinMission(
      JoinMissionRequest.fromPartial({
        ...ann,
        offering: { capabilities: [{ name: "test.nobody", version: "1.0.0" }] },
      }),
    );
  });
  after(() => restartable[Symbol.asyncDispose]());

  it("show the same values as the mission itself", async () => {
    await board().openVote(
      OpenVoteRequest.fromPartial({
        ...ann,
        vote: { voteId: "v", question: "go on?", options: [{ option: "yes" }, { option: "no" }] },
      }),
    );
    const { tasks } = await board().claimTasks(ClaimTasksRequest.fromPartial({ ...ann, count: 2 }));
    const [first] = tasks;
    await board().reserveBudget(
      ReserveBudgetRequest.fromPartial({ ...ann, amounts: { tokens: 100, money: 0.5 } }),
    );
    await board().completeTasks(
      CompleteTasksRequest.fromPartial({
        ...ann,
        ends: [
          {
            claimId: first?.claim?.claimId ?? "",
            outcome: { $case: "output", value: {} },
            used: { tokens: 7 },
          },
        ],
      }),
    );
    const listed = linesOf(await line());
    assert.deepEqual(listed, linesOf(await readMission()));
    assert.deepEqual(
      [listed.tasks?.total, listed.tasks?.completed, listed.tasks?.running, listed.openVotes, listed.leader],
      [3, 1, 1, 1, "ann"],
    );
    assert.deepEqual(listed.budget.limit, { tokens: 1_000, money: 2, timeMs: 0 });
    assert.equal(listed.budget.reserved?.money, 0.5);
  });

  it("are searched by the text of users, not by data that the mission adds", async () => {
    await line();
    assert.equal((await list({ text: "ann", missionIds: [missionId] })).length, 0);
    assert.equal((await list({ text: "be LISTED" })).length, 1);
  });

  it("keep the final tasks and budget of an ended mission, and nothing open", async () => {
    await missions().terminateMission({ namespace: "", missionId, reason: "enough" });
    const listed = linesOf(await line());
    assert.equal(listed.openVotes, 0);
    assert.deepEqual(listed.tasks, (await readMission()).tasks);
    assert.deepEqual(listed.budget.spent, (await readMission()).budget?.spent);
  });
});
