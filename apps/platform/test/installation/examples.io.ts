import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { assertGolden, type GoldenHistory, goldenOfEvents } from "@tutti/kernel/testing";
import { exampleNames } from "../../../../examples/examples.ts";
import { ExampleStage, examplesFolder, machineFor, tallyOf } from "./examples.ts";

function jsonAt(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, examplesFolder), "utf8"));
}

/** Returns histories recorded by `npm run examples:record`. */
function recorded(name: string): readonly GoldenHistory[] {
  const folder = `${name}/history/`;
  return readdirSync(new URL(folder, examplesFolder)).map(
    (file) => jsonAt(`${folder}${file}`) as GoldenHistory,
  );
}

const eventsOf = ({ events }: GoldenHistory) =>
  events.map(({ type, version, payload }) => ({
    ...{ type, version },
    payload: new Uint8Array(Buffer.from(payload, "base64")),
  }));

describe("examples", () => {
  let stage: ExampleStage;
  before(async () => {
    stage = await ExampleStage.open();
  });
  after(() => stage?.[Symbol.asyncDispose]());

  for (const name of exampleNames()) {
    it(`${name}: has the declared outcome with the recorded events, which replay to the same state`, async () => {
      assert.deepEqual(await stage.play(name), jsonAt(`${name}/outcome.json`));
      const histories = recorded(name);
      assert.deepEqual(histories.map(({ key }) => key.id).sort(), [...stage.runsOf(name)].sort());
      for (const { key, events, release } of histories) {
        const now = await stage.history(key.id);
        assert.deepEqual(tallyOf(now), tallyOf(events), key.id);
        const machine = machineFor(name, now);
        assertGolden(key.id, goldenOfEvents(machine, key, release, now), machine);
      }
    });
  }

  for (const name of exampleNames())
    it(`${name}: its recorded history is read by this release`, () => {
      for (const history of recorded(name))
        assertGolden(`${name}/${history.key.id}`, history, machineFor(name, eventsOf(history)));
    });
});
