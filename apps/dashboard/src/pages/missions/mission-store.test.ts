import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Followed, RestError } from "@tutti/rest/client";
import type { Mission, WatchMissionReply, WatchMissionsReply } from "@tutti/rest/types";
import { followInto } from "../../data/live-store.ts";
import { MissionStore } from "./mission-store.ts";
import { MissionsStore } from "./missions-store.ts";

const mission = (missionId: string, changes: Partial<Mission> = {}): Mission => ({
  ...{ missionId, status: "running", participants: [] },
  ...changes,
});
const nothing: WatchMissionReply = { tasks: [], entries: [], messages: [], votes: [] };
const received = (
  kind: "snapshot" | "change",
  value: Partial<WatchMissionReply>,
  first = true,
  last = true,
) =>
  ({
    ...{ kind, cursor: "", isFirst: first, isLast: last },
    value: { ...nothing, ...value },
  }) as Followed<WatchMissionReply>;
const task = (id: string, status: "queued" | "running" = "queued") => ({
  ...{ spec: { id, needs: [], labels: {}, resources: {}, checks: [], limits: [] }, status, handoffs: [] },
});
const vote = (voteId: string, openTimeMs: number) => ({
  ...{ voteId, openTimeMs, options: [], weights: {}, ballots: [] },
});
const immediately = (notify: () => void) => notify();

describe("a mission as the stream reports it", () => {
  it("is whole with the last part of its snapshot, and a new snapshot replaces all", () => {
    const store = new MissionStore(immediately);
    store.apply(received("snapshot", { mission: mission("m"), tasks: [task("a")] }, true, false));
    assert.equal(store.known().isComplete, false);
    store.apply(received("snapshot", { tasks: [task("b")] }, false, true));
    const { tasks, isComplete } = store.known();
    assert.deepEqual([tasks.map(({ spec }) => spec?.id), isComplete], [["a", "b"], true]);
    store.apply(received("snapshot", { mission: mission("m"), tasks: [task("c")] }));
    assert.deepEqual(
      store.known().tasks.map(({ spec }) => spec?.id),
      ["c"],
    );
  });

  it("updates a task in place, and does not copy unchanged lists", () => {
    const store = new MissionStore(immediately);
    store.apply(
      received("snapshot", { mission: mission("m"), tasks: [task("b"), task("a")], votes: [vote("v", 1)] }),
    );
    const before = store.known();
    store.apply(received("change", { tasks: [task("b", "running")] }));
    const { tasks, votes, mission: known } = store.known();
    assert.deepEqual(
      tasks.map(({ spec, status }) => `${spec?.id} ${status}`),
      ["b running", "a queued"],
    );
    assert.equal(votes, before.votes);
    assert.equal(known?.missionId, "m");
  });

  it("sorts entries by key without removed ones, messages by number, and votes with the newest first", () => {
    const store = new MissionStore(immediately);
    store.apply(
      received("snapshot", {
        entries: [
          { key: "b", value: null, version: 1 },
          { key: "a", value: 1, version: 1 },
        ],
        messages: [{ number: 10 }, { number: 9 }],
        votes: [vote("old", 1), vote("new", 2)],
      }),
    );
    assert.deepEqual(
      store.known().entries.map(({ key }) => key),
      ["a", "b"],
    );
    store.apply(received("change", { entries: [{ key: "a", version: 2 }], messages: [{ number: 11 }] }));
    const { entries, messages, votes } = store.known();
    assert.deepEqual(
      [
        entries.map(({ key }) => key),
        messages.map(({ number }) => number),
        votes.map(({ voteId }) => voteId),
      ],
      [["b"], [9, 10, 11], ["new", "old"]],
    );
  });

  it("reports why the stream failed, and keeps the known state", async () => {
    const store = new MissionStore(immediately);
    async function* refused() {
      yield received("snapshot", { mission: mission("m") });
      throw new RestError({ status: 404, code: "swarm.mission_unknown", detail: "There is none." });
    }
    await followInto(refused(), store, new AbortController().signal);
    const { problem, mission: known } = store.known();
    assert.deepEqual([problem?.code, problem?.message], ["swarm.mission_unknown", "There is none."]);
    assert.equal(known?.missionId, "m");
  });
});

describe("missions of a list as the stream reports them", () => {
  it("are sorted newest first, and disappear when they no longer match", () => {
    const store = new MissionsStore(immediately);
    const change = (value: Partial<WatchMissionsReply>) =>
      store.apply({ kind: "change", cursor: "", value: { missions: [], removedIds: [], ...value } });
    change({ missions: [mission("old", { createTimeMs: 1 }), mission("new", { createTimeMs: 2 })] });
    const ids = () => store.known().missions.map(({ missionId }) => missionId);
    assert.deepEqual(ids(), ["new", "old"]);
    change({ missions: [mission("newest", { createTimeMs: 3 })], removedIds: ["new"] });
    assert.deepEqual(ids(), ["newest", "old"]);
  });
});
