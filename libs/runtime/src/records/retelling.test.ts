import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Happening, TakeNote } from "../api.ts";
import type { AnyEvent } from "../machines/hosted-machine.ts";
import { Retelling, tellAgainMs } from "./retelling.ts";

const event = { type: "thing_happened" } as unknown as AnyEvent;
const other = { type: "nothing_happened" } as unknown as AnyEvent;
const at = (timeMs: number, number = timeMs) => ({ timeMs, event: number }) as unknown as Happening;

function setUp(take: TakeNote = ({ event: number }) => number) {
  return new Retelling({ notes: new Map([[event, take]]), tell: () => undefined });
}

describe("what is told again", () => {
  it("is what happened in the last ten seconds, in its order", () => {
    const retelling = setUp();
    for (const timeMs of [0, 999, 1_000, 5_000, 11_000]) retelling.note(event, at(timeMs));
    assert.deepEqual(
      retelling.notes,
      [1_000, 5_000, 11_000].filter((timeMs) => timeMs >= 11_000 - tellAgainMs),
    );
  });

  it("is of events that somebody hears", () => {
    assert.deepEqual([setUp().hears(event), setUp().hears(other)], [true, false]);
    assert.equal(new Retelling(undefined).hears(event), false);
  });

  it("is bounded: the newest of many", () => {
    const retelling = setUp();
    for (let number = 0; number < 45_000; number++) retelling.note(event, at(1, number));
    const { notes } = retelling;
    assert.deepEqual([notes.length, notes[0], notes.at(-1)], [10_000, 35_000, 44_999]);
  });

  it("leaves out what the note leaves out, and says what could not be noted", () => {
    const retelling = setUp(({ event: number }) => {
      if (number === 1) throw new Error("no pencil");
      return number === 2 ? undefined : number;
    });
    for (const number of [1, 2, 3]) retelling.note(event, at(0, number));
    assert.match(String(retelling.notes[0]), /no pencil/);
    assert.deepEqual(retelling.notes.slice(1), [3]);
  });
});
