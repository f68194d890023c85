import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PutEntriesRequest } from "@tutti/contracts/swarm/v1";
import { changedEntries, getEntries, listEntries, putEntries } from "../../index.ts";
import { accepted, json, MissionScene } from "../../testing/index.ts";

interface Write {
  readonly key: string;
  readonly value?: unknown;
  readonly ifVersion?: number;
}

function board(): MissionScene {
  return MissionScene.of({ stopConditions: [{ name: "never", condition: "board.never == 1" }] });
}

function write(scene: MissionScene, writes: readonly Write[], allOrNone = false) {
  const entries = writes.map(({ key, value, ifVersion }) => ({
    key,
    ...(value !== undefined && { value: json(value) }),
    ...(ifVersion !== undefined && { ifVersion }),
  }));
  return accepted(
    scene.driver.execute(
      scene.key,
      putEntries,
      PutEntriesRequest.fromPartial({ writes: entries, allOrNone }),
    ),
  ).receipts;
}

function textOf(
  entry: { value?: { body?: { $case: string; value: unknown } | undefined } | undefined } | undefined,
): string {
  return Buffer.from((entry?.value?.body?.value as Uint8Array) ?? []).toString();
}

describe("the blackboard", () => {
  it("returns the current entry to a writer whose version does not match", () => {
    const scene = board();
    const [first] = write(scene, [{ key: "k", value: 1, ifVersion: 0 }]);
    assert.deepEqual([first?.written, first?.entry?.version], [true, 1]);
    const [winner] = write(scene, [{ key: "k", value: "anna", ifVersion: 1 }]);
    const [loser] = write(scene, [{ key: "k", value: "ben", ifVersion: 1 }]);
    assert.deepEqual([winner?.written, loser?.written], [true, false]);
    assert.deepEqual([loser?.entry?.version, textOf(loser?.entry)], [2, '"anna"']);
  });

  it("continues version numbers after a removal, and treats a removed entry as absent", () => {
    const scene = board();
    write(scene, [{ key: "k", value: 1 }, { key: "k" }]);
    const [denied] = write(scene, [{ key: "k", value: 2, ifVersion: 2 }]);
    assert.deepEqual([denied?.written, denied?.entry], [false, undefined]);
    const [second] = write(scene, [{ key: "k", value: 2, ifVersion: 0 }]);
    assert.deepEqual([second?.written, second?.entry?.version], [true, 3]);
  });

  it("writes nothing if one write of an atomic request fails", () => {
    const scene = board();
    const writes = [
      { key: "a", value: 1 },
      { key: "b", value: 1, ifVersion: 7 },
    ];
    assert.deepEqual(
      write(scene, writes, true).map(({ written }) => written),
      [false, false],
    );
    assert.deepEqual(
      write(scene, writes).map(({ written }) => written),
      [true, false],
    );
  });

  it("lists the entries that changed since a given number, each key once", () => {
    const scene = board();
    write(scene, [{ key: "x.a", value: 1 }]);
    const { number } = accepted(
      scene.driver.query(scene.key, listEntries, { prefix: "", afterKey: "", size: 9 }),
    );
    write(scene, [
      { key: "x.b", value: 1 },
      { key: "x.a", value: 2 },
      { key: "y", value: 3 },
      { key: "x.b" },
    ]);
    const changesAfter = (afterNumber: number, size = 9) =>
      accepted(scene.driver.query(scene.key, changedEntries, { afterNumber, prefixes: ["x."], size }));
    const changed = changesAfter(number);
    assert.deepEqual(
      changed.entries.map(({ key, version }) => [key, version]),
      [
        ["x.b", 2],
        ["x.a", 2],
      ],
    );
    assert.deepEqual([changesAfter(changed.number).entries.length, changed.isKnown], [0, true]);
    assert.equal(changesAfter(99).isKnown, false, "from a future that did not come");
  });

  it("is listed by key, and read by key", () => {
    const scene = board();
    write(
      scene,
      ["c", "a", "b"].map((key) => ({ key, value: key })),
    );
    const list = accepted(scene.driver.query(scene.key, listEntries, { prefix: "", afterKey: "a", size: 1 }));
    assert.deepEqual([list.entries.map(({ key }) => key), list.isMore], [["b"], true]);
    assert.deepEqual(
      accepted(scene.driver.query(scene.key, getEntries, { keys: ["c", "z"] })).map(({ key }) => key),
      ["c"],
    );
  });
});
