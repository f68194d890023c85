import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { silentValues } from "./completeness.fixture.ts";
import { importTemporal, NotImported } from "./index.ts";

const folder = new URL("../../test/temporal/", import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8");

describe("a history of Temporal", () => {
  const files = readdirSync(folder);
  it("is here in at least ten files", () => assert.ok(files.length >= 10));

  for (const file of files)
    it(`in ${file} is translated or listed, value by value`, () => {
      assert.deepEqual(silentValues(textOf(file), importTemporal), []);
    });

  const taskIn = (file: string, task: string) => {
    const [{ tasks }] = importTemporal(textOf(file)).documents as unknown as [
      { tasks: Record<string, object> },
    ];
    return tasks[task];
  };
  const listOf = (file: string) =>
    importTemporal(textOf(file)).untranslated.map(({ construct }) => construct);

  it("creates a task for each activity after the tasks that had ended, with references in place of values", () => {
    assert.deepEqual(taskIn("order.json", "charge-card"), {
      uses: "charge-card",
      timeout: { queue: "300s", run: "30s", heartbeat: "10s", total: "600s" },
      retry: { attempts: 4, backoff: "2s..60s", factor: 3, notOn: ["CardDeclined"] },
      with: { customer: "${{ input.customer }}", order: "${{ input.id }}" },
      needs: ["reserve-stock"],
    });
    assert.deepEqual(taskIn("signals.json", "add-item-2"), {
      wait: { signal: "addItem" },
      needs: ["add-item"],
    });
    assert.deepEqual(taskIn("children.json", "cancel-hotel"), {
      ...{ uses: "cancel-hotel", timeout: { run: "30s" } },
      retry: { attempts: 1_000_000, backoff: "1s..100s", factor: 2 },
      with: '${{ tasks["book-hotel"].output }}',
      needs: [{ task: "book-flight", on: "failure" }],
    });
  });

  it("lists events and options without a counterpart", () => {
    const has = (file: string, ...expected: string[]) => {
      const list = listOf(file);
      for (const each of expected) assert.ok(list.includes(each), `${each} in ${list.join(", ")}`);
    };
    has("markers.json", "MarkerRecorded 5", "MarkerRecorded 6", "save-quote");
    has("timers.json", "timer timer", "timer timer-3");
    has("updates.json", "UpsertWorkflowSearchAttributes 5", "WorkflowExecutionUpdateAccepted 8");
    has("encrypted.json", "open: input", "startToCloseTimeout: PT30S");
    has("compensation.json", "retryPolicy", "WorkflowExecutionFailed 23");
  });

  it("lists what needs an action by line, then the bookkeeping of the run by line", () => {
    const { untranslated } = importTemporal(textOf("hello.json"));
    const first = untranslated.findIndex(({ isBookkeeping }) => isBookkeeping);
    const [toDo, bookkeeping] = [untranslated.slice(0, first), untranslated.slice(first)];
    assert.match(toDo[0]?.reason ?? "", /^a worker has to offer the capability/);
    assert.ok(bookkeeping.length > 3 && bookkeeping.every(({ isBookkeeping }) => isBookkeeping));
    for (const list of [toDo, bookkeeping])
      assert.deepEqual(
        list.map(({ line }) => line),
        list.map(({ line }) => line).toSorted((one, other) => one - other),
      );
    const reasonOf = (key: string) => bookkeeping.find(({ construct }) => construct === key)?.reason;
    assert.equal(reasonOf("eventTime"), "Tutti assigns its own");
    assert.equal(reasonOf("taskQueue"), "it describes the worker of this run");
  });

  it("of a cron workflow has a schedule with its input", () => {
    assert.deepEqual(importTemporal(textOf("cron.json")).documents[1], {
      ...{ schedule: "nightly", workflow: "nightly", cron: "0 2 * * *" },
      input: { day: "2026-03-01" },
    });
  });

  const started = { eventId: "1", eventType: "WorkflowExecutionStarted" };
  const attributes = { workflowType: { name: "A" } };
  const first = { ...started, workflowExecutionStartedEventAttributes: attributes };
  const timer = { eventType: "TimerStarted", timerStartedEventAttributes: { startToFireTimeout: "1s" } };
  for (const [title, events] of [
    ["no start", [{ eventId: "1", eventType: "TimerStarted" }]],
    ["a gap", [first, { eventId: "3", eventType: "WorkflowTaskScheduled" }]],
    ["attributes of another event", [{ ...started, timerStartedEventAttributes: {} }]],
    ["a command of no decision", [first, { ...timer, eventId: "2" }]],
    ["an end of nothing", [first, { eventId: "2", eventType: "ActivityTaskCompleted" }]],
  ] as const)
    it(`with ${title} is refused`, () => {
      assert.throws(() => importTemporal(JSON.stringify({ events })), NotImported);
    });
});
