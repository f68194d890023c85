import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventInput } from "@tutti/bus";
import type { InstanceKey } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import { type EventMapper, MachineEventPublisher } from "./machine-event-publisher.ts";
import type { NoteHead } from "./note.ts";

interface Note extends NoteHead {
  readonly kind: "event";
}

const key: InstanceKey = { namespace: "default", kind: "run", id: "r1" };
const noteOf = (event: number): Note => {
  const cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
  return { kind: "event", key, event, timeMs: 0, cause };
};

test("an event that cannot be created is counted and logged, and later events are published", async () => {
  const foundation = testFoundation();
  const published: string[] = [];
  const publish = async (events: readonly EventInput[]) => {
    published.push(...events.map(({ subject }) => subject));
  };
  const eventOf = ({ event }: Note): EventInput | Promise<EventInput> => {
    if (event === 2) throw new Error("planned");
    if (event === 4) return Promise.reject(new Error("planned too"));
    return { subject: `event-${event}` } as EventInput;
  };
  const mapper: EventMapper<Note> = { eventOf, isEnd: () => false, progressOf: async () => undefined };
  let dropped = 0;
  const counter = { add: () => dropped++ } as never;
  const bus = { publish } as never;
  const publisher = new MachineEventPublisher({ bus, foundation, sources: [], mapper, dropped: counter });

  publisher.handle([1, 2, 3, 4, 5].map(noteOf));
  await foundation.time.advanceAsync(5);
  await publisher.stop();

  assert.deepEqual(published, ["event-1", "event-3", "event-5"]);
  assert.equal(dropped, 2);
  const lines = foundation.logger.lines.filter(({ message }) => message === "failed to create an event");
  assert.equal(lines.length, 2);
});
