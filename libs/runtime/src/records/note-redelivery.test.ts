import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Happening, NoteFactory } from "../api.ts";
import type { AnyEvent } from "../machines/hosted-machine.ts";
import { NoteRedelivery, redeliverMs } from "./note-redelivery.ts";

const event = { type: "thing_happened" } as unknown as AnyEvent;
const other = { type: "nothing_happened" } as unknown as AnyEvent;
const at = (timeMs: number, number = timeMs) => ({ timeMs, event: number }) as unknown as Happening;

function setUp(createNote: NoteFactory = ({ event: number }) => number) {
  return new NoteRedelivery({ notes: new Map([[event, createNote]]), handle: () => undefined });
}

describe("redelivery of notes", () => {
  it("covers the last ten seconds, in order", () => {
    const noteRedelivery = setUp();
    for (const timeMs of [0, 999, 1_000, 5_000, 11_000]) noteRedelivery.record(event, at(timeMs));
    assert.deepEqual(
      noteRedelivery.notes,
      [1_000, 5_000, 11_000].filter((timeMs) => timeMs >= 11_000 - redeliverMs),
    );
  });

  it("repeats events that have a listener", () => {
    assert.deepEqual([setUp().listensTo(event), setUp().listensTo(other)], [true, false]);
    assert.equal(new NoteRedelivery(undefined).listensTo(event), false);
  });

  it("is bounded: the newest of many", () => {
    const noteRedelivery = setUp();
    for (let number = 0; number < 45_000; number++) noteRedelivery.record(event, at(1, number));
    const { notes } = noteRedelivery;
    assert.deepEqual([notes.length, notes[0], notes.at(-1)], [10_000, 35_000, 44_999]);
  });

  it("skips events without a note, and reports errors of the note function", () => {
    const noteRedelivery = setUp(({ event: number }) => {
      if (number === 1) throw new Error("no pencil");
      return number === 2 ? undefined : number;
    });
    for (const number of [1, 2, 3]) noteRedelivery.record(event, at(0, number));
    assert.match(String(noteRedelivery.notes[0]), /no pencil/);
    assert.deepEqual(noteRedelivery.notes.slice(1), [3]);
  });
});
