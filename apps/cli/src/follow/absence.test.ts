import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { RestError } from "@tutti/rest/client";
import { Absence } from "./absence.ts";

/** What somebody is told, with a clock that stands until the test says that a moment has passed. */
function followed() {
  const told: string[] = [];
  const pauses: (() => void)[] = [];
  const absence = new Absence({
    shell: { nowMs: () => 0, pause: () => new Promise((done) => void pauses.push(done)) },
    onAway: (words) => told.push(words),
    onBack: () => told.push("back"),
  });
  const aMomentPasses = async () => {
    for (const done of pauses.splice(0)) done();
    await turn();
  };
  return { absence, told, aMomentPasses };
}

describe("a platform that does not tell how it goes on", () => {
  it("is nobody's news when it is there again at once", async () => {
    const { absence, told, aMomentPasses } = followed();
    absence.stand("broken");
    absence.stand("connecting");
    absence.stand("open");
    await aMomentPasses();
    assert.deepEqual(told, []);
    assert.equal(absence.told, undefined);
  });

  it("is told once, and that it is back", async () => {
    const { absence, told, aMomentPasses } = followed();
    absence.stand("broken");
    absence.stand("broken");
    await aMomentPasses();
    absence.stand("broken");
    await aMomentPasses();
    assert.ok(absence.told);
    absence.stand("open");
    assert.deepEqual(told, ["The platform is not reachable, retrying …", "back"]);
    assert.equal(absence.told, undefined);
  });

  it("is not told of a break that healed, by the moment of the one before", async () => {
    const { absence, told, aMomentPasses } = followed();
    absence.stand("broken");
    absence.stand("open");
    const first = aMomentPasses();
    absence.stand("broken");
    await first;
    assert.deepEqual(told, []);
    await aMomentPasses();
    assert.equal(told.length, 1);
  });

  it("says by its code what it answers, where it answers", async () => {
    const { absence, told, aMomentPasses } = followed();
    absence.stand(
      "broken",
      new RestError({ code: "mesh.unavailable", status: 503, detail: "nobody is there" }),
    );
    await aMomentPasses();
    absence.stand("open");
    absence.stand("broken", new RestError({ code: "rest.unreachable", status: 0, detail: "refused" }));
    await aMomentPasses();
    assert.deepEqual(told, [
      "No events at the moment (mesh.unavailable), retrying …",
      "back",
      "The platform is not reachable, retrying …",
    ]);
  });

  it("is told to nobody who follows no longer", async () => {
    const { absence, told, aMomentPasses } = followed();
    absence.stand("broken");
    absence.end();
    await aMomentPasses();
    assert.deepEqual(told, []);
  });
});
