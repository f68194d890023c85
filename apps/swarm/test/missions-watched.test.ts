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
import { KeptHost } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import type { ReplyStream } from "@tutti/mesh";
import { swarm } from "../src/service.ts";

describe("watches of missions, after a break", () => {
  let kept: KeptHost;
  const missions = () => kept.host.mesh.client(missionService);
  const board = () => kept.host.mesh.client(boardService);
  const begin = (missionId: string) =>
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
  const put = (missionId: string, key: string, text: string) =>
    board().putEntries(
      PutEntriesRequest.fromPartial({
        missionId,
        writes: [{ key, value: { body: { $case: "inline", value: Buffer.from(JSON.stringify(text)) } } }],
      }),
    );
  const say = (missionId: string, text: string) =>
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
    kept = await KeptHost.open({ name: "swarm", services: [swarm], transport: "in-process" });
  });
  after(() => kept[Symbol.asyncDispose]());

  it("tell of one what is other than it was, and nothing twice", async () => {
    await begin("one");
    await add("one", "a", "b");
    await put("one", "x", "first");
    await say("one", "hello");
    const whole = await replyOf(watch("one"));
    assert.deepEqual(
      [whole.live, idsOf(whole.tasks), whole.entries.length, whole.messages.length],
      [true, ["a", "b"], 1, 1],
    );
    const same = await replyOf(watch("one", whole.cursor));
    assert.deepEqual(same, { ...same, mission: undefined, tasks: [], entries: [], messages: [], live: true });
    assert.equal(same.cursor, whole.cursor);

    await add("one", "c");
    const changed = await replyOf(watch("one", whole.cursor));
    assert.deepEqual([idsOf(changed.tasks), changed.entries, changed.messages], [["c"], [], []]);
    await put("one", "y", "second");
    await say("one", "again");
    // The reply was lost: it is sent again, with later changes.
    const again = await replyOf(watch("one", whole.cursor));
    assert.deepEqual(
      [idsOf(again.tasks), again.entries.map(({ key }) => key), again.messages.map(({ number }) => number)],
      [["c"], ["y"], [2]],
    );
    const rest = await replyOf(watch("one", changed.cursor));
    assert.deepEqual(
      [idsOf(rest.tasks), rest.entries.map(({ key }) => key), rest.messages.length],
      [[], ["y"], 1],
    );
  });

  it("tell of one everything from a cursor that is another's, and say so", async () => {
    await begin("two");
    await add("two", "a");
    const { cursor } = await replyOf(watch("two"));
    // Missions are distinguished by their creation time.
    const nowMs = Date.now();
    await until("another millisecond", () => Date.now() > nowMs);
    await begin("three");
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
    await begin("written");
    await put("written", "x", "first");
    const follow = (cursor: string) =>
      board().watchEntries(WatchEntriesRequest.fromPartial({ missionId: "written", prefix: "", cursor }));
    const whole = await replyOf(follow(""));
    assert.deepEqual([whole.live, whole.entries.map(({ key }) => key)], [true, ["x"]]);
    await put("written", "y", "second");
    const since = await replyOf(follow(whole.cursor));
    assert.deepEqual([since.live, since.entries.map(({ key }) => key)], [true, ["y"]]);
    const odd = await replyOf(follow("a4000000000"));
    assert.deepEqual([odd.live, odd.entries.map(({ key }) => key)], [false, ["x", "y"]]);
  });

  it("tell of what was removed from the blackboard, also when more was written since than is remembered", async () => {
    await begin("removed");
    await put("removed", "x", "first");
    await put("removed", "y", "0");
    const stream = board().watchEntries(
      WatchEntriesRequest.fromPartial({ missionId: "removed", prefix: "" }),
    );
    const { value: whole } = await stream.next();
    assert.deepEqual(
      whole?.entries.map(({ key }) => key),
      ["x", "y"],
    );
    await board().putEntries(PutEntriesRequest.fromPartial({ missionId: "removed", writes: [{ key: "x" }] }));
    for (let written = 0; written < 2_200; written += 100)
      await Promise.all(Array.from({ length: 100 }, (_, at) => put("removed", "y", String(written + at))));
    const told = new Map<string, boolean>();
    while (!told.has("x")) {
      const { value: changed } = await stream.next();
      for (const { key, value } of changed?.entries ?? []) told.set(key, value !== undefined);
    }
    assert.deepEqual([told.get("x"), told.get("y")], [false, true]);
    await stream.return();
  });

  it("tell of many those that have changed, and those that are gone", async () => {
    const filter = { missionIds: ["many-1", "many-2", "many-3"], statuses: [] };
    const follow = (cursor: string) =>
      missions().watchMissions(WatchMissionsRequest.fromPartial({ filter, cursor }));
    for (const id of ["many-1", "many-2"]) await begin(id);
    const known = new Set<string>();
    let cursor = "";
    const until = async (wanted: (ids: readonly string[]) => boolean) => {
      const told: string[] = [];
      do {
        const reply = await replyOf(follow(cursor));
        assert.equal(reply.live, true, "it was taken up");
        for (const { missionId } of reply.missions) {
          known.add(missionId);
          told.push(missionId);
        }
        for (const id of reply.removedIds) known.delete(id);
        ({ cursor } = reply);
      } while (!wanted(told));
      return told.toSorted();
    };
    await until(() => known.size === 2);
    await begin("many-3");
    assert.deepEqual(await until((told) => told.includes("many-3")), ["many-3"]);
    await missions().pauseMission({
      namespace: "",
      missionId: "many-1",
      reason: "to be looked at",
      idempotencyKey: "",
    });
    assert.deepEqual(await until((told) => told.includes("many-1")), ["many-1"]);
  });
});
