import assert from "node:assert/strict";
import { it } from "node:test";
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

it("contract events share blocks of memory", () => {
  const events = Array.from({ length: 2_000 }, (_, number) =>
    contractEvent(description, { header: undefined, text: `${number}` }, { source: "/test" }),
  );
  assert.equal(new TextDecoder().decode(events[1_999]?.data), '{"text":"1999"}');
  assert.ok(new Set(events.map(({ data }) => data.buffer)).size <= 2);
});
