import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PutEntriesRequest } from "@tutti/contracts/swarm/v1";
import { changedEntries, getEntries, listEntries, putEntries } from "../../index.ts";
import { json, MissionScene, taken } from "../../testing/index.ts";

interface Write {
  readonly key: string;
  readonly value?: unknown;
  readonly ifVersion?: number;
}

function board(): MissionScene {
  return MissionScene.of({ stopConditions: [{ name: "never", condition: "board.never == 1" }] });
}

function put(scene: MissionScene, writes: readonly Write[], allOrNone = false) {
  const made = writes.map(({ key, value, ifVersion }) => ({
    key,
    ...(value !== undefined && { value: json(value) }),
    ...(ifVersion !== undefined && { ifVersion }),
  }));
  return taken(
    scene.driver.execute(scene.key, putEntries, PutEntriesRequest.fromPartial({ writes: made, allOrNone })),
  ).receipts;
}

function textOf(
  entry: { value?: { body?: { $case: string; value: unknown } | undefined } | undefined } | undefined,
): string {
  return Buffer.from((entry?.value?.body?.value as Uint8Array) ?? []).toString();
}

describe("the blackboard", () => {
  it("gives the loser of a comparison the entry that won", () => {
    const scene = board();
    const [first] = put(scene, [{ key: "k", value: 1, ifVersion: 0 }]);
    assert.deepEqual([first?.written, first?.entry?.version], [true, 1]);
    const [winner] = put(scene, [{ key: "k", value: "anna", ifVersion: 1 }]);
    const [loser] = put(scene, [{ key: "k", value: "ben", ifVersion: 1 }]);
    assert.deepEqual([winner?.written, loser?.written], [true, false]);
    assert.deepEqual([loser?.entry?.version, textOf(loser?.entry)], [2, '"anna"']);
  });

  it("counts versions over removals, and takes one that was removed for none", () => {
    const scene = board();
    put(scene, [{ key: "k", value: 1 }, { key: "k" }]);
    const [denied] = put(scene, [{ key: "k", value: 2, ifVersion: 2 }]);
    assert.deepEqual([denied?.written, denied?.entry], [false, undefined]);
    const [again] = put(scene, [{ key: "k", value: 2, ifVersion: 0 }]);
    assert.deepEqual([again?.written, again?.entry?.version], [true, 3]);
  });

  it("leaves all undone when one cannot be done, if asked", () => {
    const scene = board();
    const writes = [
      { key: "a", value: 1 },
      { key: "b", value: 1, ifVersion: 7 },
    ];
    assert.deepEqual(
      put(scene, writes, true).map(({ written }) => written),
      [false, false],
    );
    assert.deepEqual(
      put(scene, writes).map(({ written }) => written),
      [true, false],
    );
  });

  it("tells what has changed after a change, each key once", () => {
    const scene = board();
    put(scene, [{ key: "x.a", value: 1 }]);
    const { number } = taken(
      scene.driver.query(scene.key, listEntries, { prefix: "", afterKey: "", size: 9 }),
    );
    put(scene, [{ key: "x.b", value: 1 }, { key: "x.a", value: 2 }, { key: "y", value: 3 }, { key: "x.b" }]);
    const ask = (afterNumber: number, size = 9) =>
      taken(scene.driver.query(scene.key, changedEntries, { afterNumber, prefixes: ["x."], size }));
    const changed = ask(number);
    assert.deepEqual(
      changed.entries.map(({ key, version }) => [key, version]),
      [
        ["x.b", 2],
        ["x.a", 2],
      ],
    );
    assert.deepEqual([ask(changed.number).entries.length, changed.isKnown], [0, true]);
    assert.equal(ask(99).isKnown, false, "from a future that did not come");
  });

  it("is listed by key, and read by key", () => {
    const scene = board();
    put(
      scene,
      ["c", "a", "b"].map((key) => ({ key, value: key })),
    );
    const list = taken(scene.driver.query(scene.key, listEntries, { prefix: "", afterKey: "a", size: 1 }));
    assert.deepEqual([list.entries.map(({ key }) => key), list.isMore], [["b"], true]);
    assert.deepEqual(
      taken(scene.driver.query(scene.key, getEntries, { keys: ["c", "z"] })).map(({ key }) => key),
      ["c"],
    );
  });
});
