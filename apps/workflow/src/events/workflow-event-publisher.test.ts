import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EventInput } from "@tutti/bus";
import { RunStartedV1 } from "@tutti/contracts/workflow/v1";
import type { InstanceKey } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import { runMachine } from "@tutti/machine-run";
import type { Happening } from "@tutti/runtime";
import { runNotes } from "./run-notes.ts";
import { WorkflowEventPublisher } from "./workflow-event-publisher.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const cause = {
  actor: undefined,
  traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  decision: "",
  reason: "",
};
const keyOf = (id: string): InstanceKey => ({ namespace: "default", kind: "run", id });

function setUp(options = {}) {
  const foundation = testFoundation();
  const { time, logger } = foundation;
  const published: EventInput[] = [];
  const bus = { publish: async (events: readonly EventInput[]) => void published.push(...events) };
  const machine = runMachine({ plans: { plan: () => undefined } as never });
  const eventNote = new WorkflowEventPublisher({ bus, foundation }, [{ machine, notes: runNotes }], options);
  const counts = { total: 3, completed: 1, skipped: 1, failed: 0, running: 1 };
  let queryCount = 0;
  eventNote.setRuntime({
    query: async () => {
      queryCount++;
      return { tasks: counts } as never;
    },
  });
  /** Returns the note of an event, as the runtime requests it. */
  const note = (
    type: string,
    key: InstanceKey,
    event: number,
    body: unknown = {},
    state: object = ended,
    by = cause,
  ): unknown => {
    const found = machine.events.find((each) => each.type === type) ?? assert.fail(`no event ${type}`);
    const createNote = eventNote.notes.get(found as never) ?? assert.fail(`nothing is published of ${type}`);
    const happening: Happening = { key, event, body, state, timeMs: time.now(), cause: by };
    return createNote(happening);
  };
  const words = () =>
    published.map(({ type, subject }) => `${subject} ${type.replace("tutti.workflow.run.", "")}`);
  return { time, logger, foundation, eventNote, published, note, words, queried: () => queryCount };
}

const ended = { order: { definition: "order" }, plan: undefined, beginMs: 0, createMs: 0 };

describe("news of the workflow service", () => {
  it("are published together, a moment after they are durable, in their order", async () => {
    const { eventNote, note, words, time } = setUp();
    const key = keyOf("r1");
    const started = RunStartedV1.fromPartial({ order: { definition: "order" } });
    eventNote.handle([note("run_started", key, 1, started)]);
    eventNote.handle([note("run_completed", key, 7)]);
    assert.deepEqual(words(), []);
    await time.advanceAsync(5);
    assert.deepEqual(words(), ["r1 accepted", "r1 started", "r1 completed"]);
  });

  const linesOf = ({ lines }: ReturnType<typeof setUp>["logger"]) =>
    lines.filter(({ message }) => message.startsWith("run state"));

  it("log each change of a run at info, with the trace id of its cause, or else of the run", async () => {
    const { eventNote, note, logger, time } = setUp();
    const ofRun = { order: { definition: "order", traceparent: cause.traceparent }, beginMs: 0, createMs: 0 };
    const untraced = { ...cause, traceparent: "" };
    eventNote.handle([
      note("run_failed", keyOf("r1"), 7),
      note("run_failed", keyOf("r2"), 7, {}, ofRun, untraced),
      note("run_completed", keyOf("r3"), 7),
    ]);
    await time.advanceAsync(5);
    assert.deepEqual(
      linesOf(logger).map(({ level, fields }) => [level, fields["run"], fields["to"], fields["traceId"]]),
      [
        ["info", "r1", "failed", traceId],
        ["info", "r2", "failed", traceId],
        ["info", "r3", "completed", traceId],
      ],
    );
  });

  it("log routine changes up to a rate, count the others, and log each failure", async () => {
    const { eventNote, note, logger, time } = setUp({ burst: 1_000, perSec: 1_000 });
    const many = Array.from({ length: 150 }, (_, number) => note("run_completed", keyOf(`r${number}`), 2));
    eventNote.handle([...many, note("run_failed", keyOf("bad"), 7)]);
    await time.advanceAsync(50);
    const counted = (message: string) => linesOf(logger).filter((line) => line.message === message);
    assert.equal(counted("run state changed: completed").length, 100);
    assert.equal(counted("run state changed: failed").length, 1);
    assert.deepEqual(counted("run state changes not logged")[0]?.fields["count"], 50);
    await time.advanceAsync(1_000);
    eventNote.handle(many);
    await time.advanceAsync(50);
    assert.equal(counted("run state changed: completed").length, 110);
  });

  it("omit the start of a run that waits for a limit, until it proceeds", async () => {
    const { eventNote, note, words, time } = setUp();
    const key = keyOf("r1");
    const started = RunStartedV1.fromPartial({ order: {}, limits: ["gpu"] });
    eventNote.handle([note("run_started", key, 1, started)]);
    const held = { order: { definition: "a", hash: "b", parent: undefined }, facts: { labels: {} } };
    eventNote.handle([note("run_begun", key, 2, {}, held)]);
    await time.advanceAsync(5);
    assert.deepEqual(words(), ["r1 accepted", "r1 started"]);
  });

  it("are published in order, at a limited rate after a burst", async () => {
    const { eventNote, note, published, time } = setUp({ burst: 10, perSec: 100 });
    eventNote.handle(
      Array.from({ length: 40 }, (_, number) => note("run_completed", keyOf(`r${number}`), 2)),
    );
    await time.advanceAsync(5);
    assert.ok(published.length >= 10 && published.length <= 11, `${published.length} at once`);
    await time.advanceAsync(100);
    assert.ok(
      published.length >= 19 && published.length <= 22,
      `${published.length} after a tenth of a second`,
    );
    await time.advanceAsync(1_000);
    assert.deepEqual(
      published.map(({ subject }) => subject),
      Array.from({ length: 40 }, (_, number) => `r${number}`),
    );
  });

  it("are dropped and counted if too many wait", async () => {
    const { eventNote, note, published, time, foundation } = setUp({
      burst: 1,
      perSec: 1_000,
      waitingMax: 5,
    });
    eventNote.handle(Array.from({ length: 8 }, (_, number) => note("run_completed", keyOf(`r${number}`), 2)));
    await time.advanceAsync(1_000);
    assert.equal(published.length, 5);
    assert.equal(foundation.metrics.value("tutti_workflow_events_left_out_total"), 3);
  });

  it("are all published before the drain ends", async () => {
    const { eventNote, note, published, time } = setUp({ burst: 1, perSec: 1 });
    eventNote.handle(
      Array.from({ length: 20 }, (_, number) => note("run_completed", keyOf(`r${number}`), 2)),
    );
    await time.settle(eventNote.drain(new AbortController().signal));
    assert.equal(published.length, 20);
  });

  it("report the progress of a run a while after a change, at most once a second, and only after changes", async () => {
    const { eventNote, note, published, time, queried } = setUp();
    const key = keyOf("r1");
    for (let step = 0; step < 40; step++) {
      eventNote.handle([note("task_completed", key, 2 + step)]);
      await time.advanceAsync(100);
    }
    assert.ok(published.length >= 3 && published.length <= 5, `${published.length} in four seconds`);
    const [first] = published;
    const { tasksTotal, tasksCompleted } = JSON.parse(new TextDecoder().decode(first?.data));
    assert.deepEqual([first?.type, tasksTotal, tasksCompleted], ["tutti.workflow.run.progressed", 3, 2]);
    await time.advanceAsync(5_000);
    const questions = queried();
    await time.advanceAsync(60_000);
    assert.equal(queried(), questions);
  });

  it("report no progress of a run that ends at once", async () => {
    const { eventNote, note, words, time } = setUp();
    const key = keyOf("r1");
    eventNote.handle([note("task_completed", key, 2), note("run_completed", key, 3)]);
    await time.advanceAsync(5_000);
    assert.deepEqual(words(), ["r1 completed"]);
  });

  it("continue after a failed note, which is logged", async () => {
    const { eventNote, note, words, time, logger } = setUp();
    eventNote.handle([new Error("no pencil"), note("run_completed", keyOf("r1"), 2)]);
    await time.advanceAsync(5);
    assert.deepEqual(words(), ["r1 completed"]);
    assert.equal(logger.messages("error").length, 1);
  });

  it("have a note for no event that a run does not have", () => {
    const machine = runMachine({ plans: { plan: () => undefined } as never });
    const known = new Set(machine.events.map(({ type }) => type));
    assert.deepEqual(
      Object.keys(runNotes).filter((type) => !known.has(type)),
      [],
    );
  });
});
