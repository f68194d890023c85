/**
 * Golden histories: the events of an instance as a release wrote them, with the state that every later release must
 * fold from them. A file is written once, when a release is made, and never changed again.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { InstanceKey } from "../../machine/instance-key.ts";
import { type RecordedEvent, recoveredFrom, replay } from "./driven-instance.ts";
import type { MachineDriver } from "./driver.ts";
import { type AnyMachine, MachineTable, nameOf } from "./machine-table.ts";
import { expectSame } from "./violation.ts";

/** Content of a golden file. */
export interface GoldenHistory {
  /** The release that wrote it. */
  readonly release: string;
  readonly key: InstanceKey;
  readonly events: readonly GoldenEvent[];
  /** The state after the last event, in the encoding of the release. */
  readonly snapshot: { readonly version: number; readonly state: string };
  /** The projection after the last event, as plain JSON. */
  readonly projection: unknown;
  readonly outstanding: unknown;
}

interface GoldenEvent {
  readonly type: string;
  readonly version: number;
  /** The encoded message in base64. */
  readonly payload: string;
  /** The same for people. No code reads it. */
  readonly shows: unknown;
}

export interface GoldenFolder {
  readonly machines: readonly AnyMachine[];
  readonly folder: URL;
}

/** Registers a test for each golden file of a folder. */
export function describeGolden({ machines, folder }: GoldenFolder): void {
  const histories = goldenFiles(folder).map((name) => ({ name, history: readGolden(folder, name) }));
  const tables = new Map(machines.map((machine) => [machine.kind, new MachineTable(machine)]));
  describe("golden histories", () => {
    for (const { name, history } of histories) {
      it(`${name}: ${history.events.length} events of release ${history.release} yield the recorded state`, () => {
        const table = tables.get(history.key.kind);
        assert.ok(table, `${name}: expected a kind among ${[...tables.keys()]}, found ${history.key.kind}`);
        assertGolden(name, history, table.machine);
      });
    }

    for (const [kind, table] of tables) {
      it(`${kind}: every older version of an event, and of snapshots, is in some golden history`, () => {
        const own = histories.filter(({ history }) => history.key.kind === kind);
        const versions = new Set(own.flatMap(({ history }) => history.events.map(nameOf)));
        const older = table.machine.events.filter((event) => !table.isNewest(event)).map(nameOf);
        assert.deepEqual(
          older.filter((name) => !versions.has(name)),
          [],
          "expected a golden history with each: nothing else tries what no decider emits any more",
        );
        const snapshots = new Set(own.map(({ history }) => history.snapshot.version));
        for (let version = 1; version < table.machine.snapshots.version; version++)
          assert.ok(
            snapshots.has(version),
            `expected a golden history with a snapshot of version ${version}`,
          );
      });
    }
  });
}

/** Checks that the events of a golden history still fold to the recorded state. */
export function assertGolden(name: string, history: GoldenHistory, machine: AnyMachine): void {
  const table = new MachineTable(machine);
  const events = history.events.map(({ type, version, payload }) => ({
    type,
    version,
    // As plain bytes: a part that a fold keeps may show in effects.
    payload: new Uint8Array(Buffer.from(payload, "base64")),
  }));
  const { state, outstanding } = replay(table, history.key, events);
  expectSame(plain(machine.project(state)), history.projection, name, "the events give the same projection");
  expectSame(plain(outstanding.all), history.outstanding, name, "the events leave the same outstanding");
  const { snapshot } = history;
  const restored: unknown = machine.snapshots.decode(
    new Uint8Array(Buffer.from(snapshot.state, "base64")),
    snapshot.version,
  );
  expectSame(
    plain(machine.project(restored)),
    history.projection,
    name,
    "the snapshot gives the same projection",
  );
  expectSame(
    plain(recoveredFrom(machine, restored, name).all),
    history.outstanding,
    name,
    "the snapshot gives the same outstanding",
  );
}

/** Returns the history of an instance for a golden file. */
export function goldenOf(
  driver: MachineDriver,
  machine: AnyMachine,
  key: InstanceKey,
  release: string,
): GoldenHistory {
  return goldenOfEvents(machine, key, release, driver.history(key));
}

/** Returns the same for events from another source, such as an installation. */
export function goldenOfEvents(
  machine: AnyMachine,
  key: InstanceKey,
  release: string,
  events: readonly RecordedEvent[],
): GoldenHistory {
  const table = new MachineTable(machine);
  const { state, outstanding } = replay(table, key, events);
  const { version } = machine.snapshots;
  return {
    release,
    key,
    events: events.map(({ type, version, payload }) => {
      const { codec } = table.event(type, version);
      return {
        type,
        version,
        payload: Buffer.from(payload).toString("base64"),
        shows: codec.toJSON(codec.decode(payload)),
      };
    }),
    snapshot: { version, state: Buffer.from(machine.snapshots.encode(state)).toString("base64") },
    projection: plain(machine.project(state)),
    outstanding: plain(outstanding.all),
  };
}

/** Histories to write at each release, by the name of the file. */
export type GoldenStories = Readonly<Record<string, (release: string) => GoldenHistory>>;

/**
 * Writes a golden file for each story. Existing files stay unchanged, because they belong to earlier releases.
 *
 * @param args the arguments of the program: the release
 */
export function writeGoldenHistories(folder: URL, stories: GoldenStories, args: readonly string[]): void {
  const [release, ...others] = args;
  if (release === undefined || others.length > 0)
    throw new Error(`expected a release, like 0.2.0, and nothing else, found ${args.join(" ") || "nothing"}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, story] of Object.entries(stories)) {
    const file = new URL(`${release}-${name}.json`, folder);
    if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(story(release), undefined, 2)}\n`);
  }
}

function goldenFiles(folder: URL): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort();
}

function readGolden(folder: URL, name: string): GoldenHistory {
  // Written by `writeGoldenHistories`. Other content fails in the comparison.
  return JSON.parse(readFileSync(new URL(name, folder), "utf8")) as GoldenHistory;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
