import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AddTasksRequest,
  type BoardTask,
  boardService,
  missionService,
  PutEntriesRequest,
  SendMessagesRequest,
  StartMissionRequest,
  WatchEntriesRequest,
  WatchMissionRequest,
  WatchMissionsRequest,
} from "@tutti/contracts/swarm/v1";
import { RestartableHost } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import type { ReplyStream } from "@tutti/mesh";
import { swarm } from "../src/service.ts";

describe("watches of missions, after a break", () => {
  let restartable: RestartableHost;
  const missions = () => restartable.host.mesh.client(missionService);
  const board = () => restartable.host.mesh.client(boardService);
  const start = (missionId: string) =>
    missions().startMission(
      StartMissionRequest.fromPartial({
        missionId,
        what: { $case: "spec", value: { title: missionId, goal: "to be watched" } },
      }),
    );
  const add = (missionId: string, ...ids: string[]) =>
    board().addTasks(
      AddTasksRequest.fromPartial({
        missionId,
        tasks: ids.map((id) => ({ id, work: { $case: "capability", value: "test.nobody" } })),
      }),
    );
  const putEntry = (missionId: string, key: string, text: string) =>
    board().putEntries(
      PutEntriesRequest.fromPartial({
        missionId,
        writes: [{ key, value: { body: { $case: "inline", value: Buffer.from(JSON.stringify(text)) } } }],
      }),
    );
  const sendMessage = (missionId: string, text: string) =>
    board().sendMessages(
      SendMessagesRequest.fromPartial({
        missionId,
        messages: [
          {
            to: { target: { $case: "everybody", value: true } },
            body: { body: { $case: "inline", value: Buffer.from(JSON.stringify(text)) } },
          },
        ],
      }),
    );
  const replyOf = async <Reply>(stream: ReplyStream<Reply>): Promise<Reply> => {
    const { value } = await stream.next();
    await stream.return();
    return value as Reply;
  };
  const all = { withTasks: true, withEntries: true, withMessages: true, withVotes: true };
  const watch = (missionId: string, cursor = "") =>
    missions().watchMission(WatchMissionRequest.fromPartial({ missionId, ...all, cursor }));
  const idsOf = (tasks: readonly BoardTask[]) => tasks.map(({ spec }) => spec?.id);

  before(async () => {
    restartable = await RestartableHost.open({ name: "swarm", services: [swarm], transport: "in-process" });
  });
  after(() => restartable[Symbol.asyncDispose]());

  it("send only the changes of a mission", async () => {
    await start("one");
    await add("one", "a", "b");
    await putEntry("one", "x", "first");
    await sendMessage("one", "hello");
    const snapshot = await replyOf(watch("one"));
    assert.deepEqual(
      [snapshot.live, idsOf(snapshot.tasks), snapshot.entries.length, snapshot.messages.length],
      [true, ["a", "b"], 1, 1],
    );
    const same = await replyOf(watch("one", snapshot.cursor));
    assert.deepEqual(same, { ...same, mission: undefined, tasks: [], entries: [], messages: [], live: true });
    assert.equal(same.cursor, snapshot.cursor);

    await add("one", "c");
    const changed = await replyOf(watch("one", snapshot.cursor));
    assert.deepEqual([idsOf(changed.tasks), changed.entries, changed.messages], [["c"], [], []]);
    await putEntry("one", "y", "second");
    await sendMessage("one", "again");
    // The reply was lost: it is sent again, with later changes.
    const repeated = await replyOf(watch("one", snapshot.cursor));
    assert.deepEqual(
      [
        idsOf(repeated.tasks),
        repeated.entries.map(({ key }) => key),
        repeated.messages.map(({ number }) => number),
      ],
      [["c"], ["y"], [2]],
    );
    const rest = await replyOf(watch("one", changed.cursor));
    assert.deepEqual(
      [idsOf(rest.tasks), rest.entries.map(({ key }) => key), rest.messages.length],
      [[], ["y"], 1],
    );
  });

  it("restart with a snapshot if the cursor is invalid or belongs to another mission", async () => {
    await start("two");
    await add("two", "a");
    const { cursor } = await replyOf(watch("two"));
    // Missions are distinguished by their creation time.
    const nowMs = Date.now();
    await until("another millisecond", () => Date.now() > nowMs);
    await start("three");
    await add("three", "z");
    for (const odd of [cursor, "nonsense", cursor.replace(/\.\d+/, ".4000000000")]) {
      const [missionId, task] = odd === cursor ? ["three", "z"] : ["two", "a"];
      const stream = watch(missionId, odd);
      const { value: snapshot } = await stream.next();
      assert.deepEqual([snapshot?.live, idsOf(snapshot?.tasks ?? [])], [false, [task]], odd);
      const { value: live } = await stream.next();
      assert.deepEqual([live?.live, live?.tasks, live?.mission], [true, [], undefined]);
      assert.notEqual(live?.cursor, "");
      await stream.return();
    }
  });

  it("receive later writes to the blackboard, and restart if these are not known", async () => {
    await start("written");
    await putEntry("written", "x", "first");
    const follow = (cursor: string) =>
      board().watchEntries(WatchEntriesRequest.fromPartial({ missionId: "written", prefix: "", cursor }));
    const snapshot = await replyOf(follow(""));
    assert.deepEqual([snapshot.live, snapshot.entries.map(({ key }) => key)], [true, ["x"]]);
    await putEntry("written", "y", "second");
    const since = await replyOf(follow(snapshot.cursor));
    assert.deepEqual([since.live, since.entries.map(({ key }) => key)], [true, ["y"]]);
    const odd = await replyOf(follow("a4000000000"));
    assert.deepEqual([odd.live, odd.entries.map(({ key }) => key)], [false, ["x", "y"]]);
  });

  it("report a removal from the blackboard, even after more writes than are remembered", async () => {
    await start("removed");
    await putEntry("removed", "x", "first");
    await putEntry("removed", "y", "0");
    const stream = board().watchEntries(
      WatchEntriesRequest.fromPartial({ missionId: "removed", prefix: "" }),
    );
    const { value: snapshot } = await stream.next();
    assert.deepEqual(
      snapshot?.entries.map(({ key }) => key),
      ["x", "y"],
    );
    await board().putEntries(PutEntriesRequest.fromPartial({ missionId: "removed", writes: [{ key: "x" }] }));
    for (let written = 0; written < 2_200; written += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, at) => putEntry("removed", "y", String(written + at))),
      );
    const received = new Map<string, boolean>();
    while (!received.has("x")) {
      const { value: changed } = await stream.next();
      for (const { key, value } of changed?.entries ?? []) received.set(key, value !== undefined);
    }
    assert.deepEqual([received.get("x"), received.get("y")], [false, true]);
    await stream.return();
  });

  it("send only the changed missions of a list", async () => {
    const filter = { missionIds: ["many-1", "many-2", "many-3"], statuses: [] };
    const follow = (cursor: string) =>
      missions().watchMissions(WatchMissionsRequest.fromPartial({ filter, cursor }));
    for (const id of ["many-1", "many-2"]) await start(id);
    const known = new Set<string>();
    let cursor = "";
    const until = async (isComplete: (ids: readonly string[]) => boolean) => {
      const reported: string[] = [];
      do {
        const reply = await replyOf(follow(cursor));
        assert.equal(reply.live, true, "it was taken up");
        for (const { missionId } of reply.missions) {
          known.add(missionId);
          reported.push(missionId);
        }
        for (const id of reply.removedIds) known.delete(id);
        ({ cursor } = reply);
      } while (!isComplete(reported));
      return reported.toSorted();
    };
    await until(() => known.size === 2);
    await start("many-3");
    assert.deepEqual(await until((ids) => ids.includes("many-3")), ["many-3"]);
    await missions().pauseMission({
      namespace: "",
      missionId: "many-1",
      reason: "to be looked at",
      idempotencyKey: "",
    });
    assert.deepEqual(await until((ids) => ids.includes("many-1")), ["many-1"]);
  });
});
