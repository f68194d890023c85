import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Life } from "./process.ts";
import { noTrace } from "./trace.ts";
import { epochMs, World } from "./world.ts";

function newLife() {
  const world = new World(1, noTrace);
  const deaths: string[] = [];
  const life = new Life(world, "process-0", 1, 0, (kind) => deaths.push(kind));
  return { world, life, deaths };
}

describe("a life of a process", () => {
  it("runs no callback after its death", async () => {
    const { world, life, deaths } = newLife();
    life.after(10, () => assert.fail("called after death"));
    world.after(5, () => life.die("power"));
    await world.run(() => false, 100);
    assert.deepEqual(deaths, ["power"]);
    life.after(1, () => assert.fail("a dead process set a timer"));
    life.emit(1, () => assert.fail("something got out of a dead process"));
    await world.run(() => false, 200);
    assert.equal(life.cross(), false);
  });

  it("dies between two of the things it does, and the second does not happen", () => {
    const { life, deaths } = newLife();
    life.dieIn(2, "process");
    assert.deepEqual([life.cross(), life.cross(), life.cross(), life.cross()], [true, true, false, false]);
    assert.deepEqual(deaths, ["process"]);
  });

  it("sees a later time at once after a pause in the middle of a function, and acts only then", async () => {
    const { world, life } = newLife();
    const happened: [string, number][] = [];
    life.pauseIn(1, 30_000);
    world.after(10, () => {
      assert.equal(life.monotonic(), 10);
      assert.equal(life.monotonic(), 30_010);
      assert.equal(life.now(), epochMs + 30_010);
      life.emit(5, () => happened.push(["emitted", world.elapsedMs]));
      life.after(5, () => happened.push(["timer", world.elapsedMs]));
    });
    world.after(20, () => life.schedule(0, () => happened.push(["message", world.elapsedMs])));
    await world.run(() => false, 60_000);
    assert.deepEqual(happened, [
      ["message", 30_010],
      ["emitted", 30_015],
      ["timer", 30_015],
    ]);
  });
});
