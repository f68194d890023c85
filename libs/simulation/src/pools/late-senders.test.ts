import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LateSenders } from "./late-senders.ts";

const task = "a task";
const first = { name: "process-0" };
const second = { name: "process-1" };

/** The first process owns the work from 0 on, and reports the result of the task as durable at 100. */
function settled(): LateSenders {
  const late = new LateSenders();
  late.recordDemand(task, first, 0);
  late.offered(task, first);
  late.recordSettled(task, first, 100);
  return late;
}

describe("a task that a process offers after its result is durable", () => {
  it("is excused if the process wanted the task before", () => {
    const late = new LateSenders();
    late.recordDemand(task, second, 0);
    late.recordDemand(task, first, 50);
    late.recordSettled(task, first, 100);
    late.offered(task, second);
    assert.equal(late.isExcused(task), true);
  });

  it("is excused if the process read the journal before and was paused while it loaded", () => {
    const late = settled();
    late.recordDemand(task, second, 99);
    assert.equal(late.isExcused(task), false);
    late.offered(task, second);
    assert.equal(late.isExcused(task), true);
  });

  it("is not excused if the process read the journal after", () => {
    const late = settled();
    late.recordDemand(task, second, 100);
    late.offered(task, second);
    assert.equal(late.isExcused(task), false);
  });

  it("is not excused if the process reported the result itself", () => {
    const late = settled();
    late.recordDemand(task, first, 0);
    late.offered(task, first);
    assert.equal(late.isExcused(task), false);
  });

  it("is not excused if another process reported the result again meanwhile", () => {
    const late = settled();
    const third = { name: "process-2" };
    late.recordSettled(task, third, 300);
    late.recordDemand(task, second, 200);
    late.offered(task, second);
    assert.equal(late.isExcused(task), false);
  });
});
