import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Happening, TakeNote } from "../api.ts";
import type { AnyEvent } from "../machines/hosted-machine.ts";
import { NoteRedelivery, redeliverMs } from "./note-redelivery.ts";

const event = { type: "thing_happened" } as unknown as AnyEvent;
const other = { type: "nothing_happened" } as unknown as AnyEvent;
const at = (timeMs: number, number = timeMs) => ({ timeMs, event: number }) as unknown as Happening;

function setUp(take: TakeNote = ({ event: number }) => number) {
  return new NoteRedelivery({ notes: new Map([[event, take]]), handle: () => undefined });
}

describe("what is reported again", () => {
  it("is what happened in the last ten seconds, in its order", () => {
    const noteRedelivery = setUp();
    for (const timeMs of [0, 999, 1_000, 5_000, 11_000]) noteRedelivery.note(event, at(timeMs));
    assert.deepEqual(
      noteRedelivery.notes,
      [1_000, 5_000, 11_000].filter((timeMs) => timeMs >= 11_000 - redeliverMs),
    );
  });

  it("repeats events that have a listener", () => {
    assert.deepEqual([setUp().hears(event), setUp().hears(other)], [true, false]);
    assert.equal(new NoteRedelivery(undefined).hears(event), false);
  });

  it("is bounded: the newest of many", () => {
    const noteRedelivery = setUp();
    for (let number = 0; number < 45_000; number++) noteRedelivery.note(event, at(1, number));
    const { notes } = noteRedelivery;
    assert.deepEqual([notes.length, notes[0], notes.at(-1)], [10_000, 35_000, 44_999]);
  });

  it("leaves out what the note leaves out, and says what could not be noted", () => {
    const noteRedelivery = setUp(({ event: number }) => {
      if (number === 1) throw new Error("no pencil");
      return number === 2 ? undefined : number;
    });
    for (const number of [1, 2, 3]) noteRedelivery.note(event, at(0, number));
    assert.match(String(noteRedelivery.notes[0]), /no pencil/);
    assert.deepEqual(noteRedelivery.notes.slice(1), [3]);
  });
});
