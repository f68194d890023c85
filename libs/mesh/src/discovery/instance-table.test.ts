import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HealthState, type Instance, type WatchReply } from "@tutti/contracts/registry/v1";
import { InstanceTable } from "./instance-table.ts";

function instance(
  id: string,
  options: { service?: string; address?: string; state?: HealthState; openBreaker?: string } = {},
): Instance {
  const { service = "notes", address = `${id}:1`, state = HealthState.HEALTH_STATE_READY } = options;
  return {
    id,
    service,
    address,
    operationsAddress: "",
    version: "",
    labels: {},
    offers: [],
    health: { state, reason: "" },
    load: undefined,
    host: undefined,
    registerTime: undefined,
    renewTime: undefined,
    revision: 0,
    openBreaker: options.openBreaker ?? "",
  };
}

function snapshot(complete: boolean, instances: readonly Instance[], last = true): WatchReply {
  return {
    position: undefined,
    complete,
    news: { $case: "snapshot", value: { instances: [...instances], last } },
  };
}

function put(complete: boolean, ...instances: readonly Instance[]): WatchReply {
  const changes = instances.map((value) => ({ revision: 1, what: { $case: "put" as const, value } }));
  return { position: undefined, complete, news: { $case: "changes", value: { changes } } };
}

function removed(instanceId: string): WatchReply {
  const value = { instanceId, service: "notes", cause: 0 as const, reason: "" };
  const changes = [{ revision: 1, what: { $case: "removed" as const, value } }];
  return { position: undefined, complete: true, news: { $case: "changes", value: { changes } } };
}

const keepalive = (complete: boolean): WatchReply => ({ position: undefined, complete, news: undefined });

describe("the table of instances", () => {
  const idsAfter = (...replies: readonly WatchReply[]): string[] => {
    const table = new InstanceTable();
    for (const reply of replies) table.apply(reply);
    return table.instancesOf("notes").map(({ id }) => id);
  };
  const [a, b, c] = [instance("a"), instance("b"), instance("c")];

  const table: readonly (readonly [string, readonly WatchReply[], readonly string[]])[] = [
    ["a snapshot", [snapshot(true, [a, b])], ["a", "b"]],
    ["a snapshot in parts", [snapshot(true, [a], false), snapshot(true, [b])], ["a", "b"]],
    ["half a snapshot is not used", [snapshot(true, [c]), snapshot(true, [a], false)], ["c"]],
    ["changes", [snapshot(true, [a]), put(true, b), removed("a")], ["b"]],
    ["a second snapshot replaces the first", [snapshot(true, [a, b]), snapshot(true, [b, c])], ["b", "c"]],
    [
      "an empty registry that has lost its memory takes nothing away",
      [snapshot(true, [a, b]), snapshot(false, [])],
      ["a", "b"],
    ],
    [
      "an instance that registers again is known once",
      [snapshot(true, [a, b]), snapshot(false, []), put(false, a)],
      ["a", "b"],
    ],
    [
      "an instance that has not come back when the registry is complete is removed",
      [snapshot(true, [a, b]), snapshot(false, []), put(false, a), keepalive(true)],
      ["a"],
    ],
    ["what has no address cannot be called", [snapshot(true, [instance("x", { address: "" })])], []],
  ];
  for (const [title, replies, expected] of table) {
    it(`${title}: ${expected.join() || "none"}`, () => assert.deepEqual(idsAfter(...replies), expected));
  }

  it("marks instances that accept no calls as draining", () => {
    const { HEALTH_STATE_DRAINING, HEALTH_STATE_NOT_READY, HEALTH_STATE_DEGRADED } = HealthState;
    const known = new InstanceTable();
    known.apply(
      snapshot(true, [
        instance("a", { state: HEALTH_STATE_DRAINING }),
        instance("b", { state: HEALTH_STATE_NOT_READY }),
        instance("c", { state: HEALTH_STATE_DEGRADED }),
        instance("d", { openBreaker: "bad disk" }),
      ]),
    );
    const draining = () => known.instancesOf("notes").map((entry) => entry.draining);
    assert.deepEqual(draining(), [true, true, false, true]);
    known.apply(put(true, instance("d")));
    assert.deepEqual(draining(), [true, true, false, false]);
  });

  it("notifies only watchers of a changed service, and returns the same list until it changes", () => {
    const known = new InstanceTable();
    let notes = 0;
    let others = 0;
    const stop = known.watch("notes", () => notes++);
    known.watch("others", () => others++);
    known.apply(snapshot(true, [a]));
    const list = known.instancesOf("notes");
    known.apply(put(true, a));
    assert.equal(known.instancesOf("notes"), list);
    known.apply(put(true, b));
    assert.notEqual(known.instancesOf("notes"), list);
    stop();
    known.apply(put(true, c));
    assert.deepEqual([notes, others], [2, 0]);
  });
});
