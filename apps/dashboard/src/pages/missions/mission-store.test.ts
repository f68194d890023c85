import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Followed, RestError } from "@tutti/rest/client";
import type { Mission, WatchMissionReply, WatchMissionsReply } from "@tutti/rest/types";
import { followInto } from "../../data/live-store.ts";
import { MissionStore } from "./mission-store.ts";
import { MissionsStore } from "./missions-store.ts";

const mission = (missionId: string, given: Partial<Mission> = {}): Mission => ({
  ...{ missionId, status: "running", participants: [] },
  ...given,
});
const nothing: WatchMissionReply = { tasks: [], entries: [], messages: [], votes: [] };
const told = (kind: "snapshot" | "change", value: Partial<WatchMissionReply>, first = true, last = true) =>
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
const atOnce = (tell: () => void) => tell();

describe("a mission as the stream reports it", () => {
  it("is whole with the last part of its snapshot, and a new snapshot replaces all", () => {
    const store = new MissionStore(atOnce);
    store.take(told("snapshot", { mission: mission("m"), tasks: [task("a")] }, true, false));
    assert.equal(store.known().isWhole, false);
    store.take(told("snapshot", { tasks: [task("b")] }, false, true));
    const { tasks, isWhole } = store.known();
    assert.deepEqual([tasks.map(({ spec }) => spec?.id), isWhole], [["a", "b"], true]);
    store.take(told("snapshot", { mission: mission("m"), tasks: [task("c")] }));
    assert.deepEqual(
      store.known().tasks.map(({ spec }) => spec?.id),
      ["c"],
    );
  });

  it("changes a task in place, and leaves lists without changes alone", () => {
    const store = new MissionStore(atOnce);
    store.take(
      told("snapshot", { mission: mission("m"), tasks: [task("b"), task("a")], votes: [vote("v", 1)] }),
    );
    const before = store.known();
    store.take(told("change", { tasks: [task("b", "running")] }));
    const { tasks, votes, mission: known } = store.known();
    assert.deepEqual(
      tasks.map(({ spec, status }) => `${spec?.id} ${status}`),
      ["b running", "a queued"],
    );
    assert.equal(votes, before.votes);
    assert.equal(known?.missionId, "m");
  });

  it("has entries by their keys without those that were removed, messages in order, the newest vote first", () => {
    const store = new MissionStore(atOnce);
    store.take(
      told("snapshot", {
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
    store.take(told("change", { entries: [{ key: "a", version: 2 }], messages: [{ number: 11 }] }));
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

  it("says why it cannot be followed, with what is known still there", async () => {
    const store = new MissionStore(atOnce);
    async function* refused() {
      yield told("snapshot", { mission: mission("m") });
      throw new RestError({ status: 404, code: "swarm.mission_unknown", detail: "There is none." });
    }
    await followInto(refused(), store, new AbortController().signal);
    const { problem, mission: known } = store.known();
    assert.deepEqual([problem?.code, problem?.message], ["swarm.mission_unknown", "There is none."]);
    assert.equal(known?.missionId, "m");
  });
});

describe("missions of a list as the stream reports them", () => {
  it("stand the newest first, and go when they no longer match", () => {
    const store = new MissionsStore(atOnce);
    const change = (value: Partial<WatchMissionsReply>) =>
      store.take({ kind: "change", cursor: "", value: { missions: [], removedIds: [], ...value } });
    change({ missions: [mission("old", { createTimeMs: 1 }), mission("new", { createTimeMs: 2 })] });
    const ids = () => store.known().missions.map(({ missionId }) => missionId);
    assert.deepEqual(ids(), ["new", "old"]);
    change({ missions: [mission("newest", { createTimeMs: 3 })], removedIds: ["new"] });
    assert.deepEqual(ids(), ["newest", "old"]);
  });
});
