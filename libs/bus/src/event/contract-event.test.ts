import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventDescription } from "@tutti/contracts/event";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { contractEvent } from "./contract-event.ts";

interface Note {
  readonly header: EventHeader | undefined;
  readonly text: string;
}

const description = {
  type: "tutti.test.note.written",
  toJson: ({ text }: Note) => ({ text }),
} as unknown as EventDescription<Note>;

const eventOf = (text: string) =>
  contractEvent(description, { header: undefined, text }, { source: "/test" });
const textIn = (data: Uint8Array) => (JSON.parse(new TextDecoder().decode(data)) as { text: string }).text;

describe("the data of contract events", () => {
  it("have their texts, short or long, next to each other", () => {
    const texts = [
      "",
      "ä€𝄞",
      "\ud800",
      ..."abc",
      "x".repeat(300_000),
      ...Array.from({ length: 3_000 }, (_, n) => `ü${n}`),
    ];
    const events = texts.map(eventOf);
    const wrong = texts.findIndex((text, at) => textIn(events[at]?.data ?? new Uint8Array()) !== text);
    assert.equal(wrong, -1);
  });

  it("share blocks of memory", () => {
    const events = Array.from({ length: 2_000 }, (_, number) => eventOf(`${number} ${"y".repeat(200)}`));
    const blocks = new Set(events.map(({ data }) => data.buffer));
    assert.ok(blocks.size <= 3, `expected at most 3 blocks, got ${blocks.size}`);
  });
});
