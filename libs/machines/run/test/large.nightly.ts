import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { RunOrder, RunPhase } from "@tutti/contracts/workflow/v1";
import { checkDocument, type TaskDocument } from "@tutti/definitions";
import { RunPlan, runMachine } from "../src/index.ts";
import { jsonBytes, PlainStep } from "../src/testing/index.ts";

/** Maximum number of entries of a list, and of tasks of a definition. */
const most = 100_000;

function stepOf(tasks: Record<string, TaskDocument>): PlainStep {
  const { definition, problems } = checkDocument({ workflow: "large", tasks });
  assert.ok(definition?.plan, problems[0]?.message);
  const plan = new RunPlan(definition.plan, definition.hash);
  const step = new PlainStep(runMachine({ plans: { plan: () => plan } }), undefined);
  step.start({ order: RunOrder.fromPartial({ hash: definition.hash }) });
  return step;
}

describe("the largest runs", () => {
  it("start their tasks in batches, are passivated in between, and complete", () => {
    const tasks: Record<string, TaskDocument> = {};
    for (let at = 0; at < most; at++) tasks[`t${at}`] = { uses: "test.work" };
    const step = stepOf(tasks);
    assert.equal(step.state.counts[TaskStatus.TASK_STATUS_QUEUED], 1_000);
    step.reload();
    assert.equal(step.state.agenda.length - step.state.agendaAt, most - 1_000);
    assert.equal(step.finish(jsonBytes(1)), most);
    assert.equal(step.state.ending, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("skip a chain of any length with its first task", () => {
    const tasks: Record<string, TaskDocument> = { t0: { uses: "test.work", when: false } };
    // A need is satisfied by a skipped task. `success` requires a completed one.
    for (let at = 1; at < most; at++)
      tasks[`t${at}`] = { uses: "test.work", needs: [{ task: `t${at - 1}`, on: "success" }] };
    const step = stepOf(tasks);
    assert.equal(step.state.phase, RunPhase.RUN_PHASE_ENDED);
    assert.equal(step.state.counts[TaskStatus.TASK_STATUS_SKIPPED], most);
    assert.equal(step.events, 3, "started, one skipped, completed");
  });

  it("complete a list with the maximum number of entries", () => {
    const step = stepOf({ all: { uses: "test.work", forEach: `lists.range(${most})`, maxParallel: 500 } });
    assert.equal(step.finish(jsonBytes(1)), most);
    assert.equal(step.state.counts[TaskStatus.TASK_STATUS_COMPLETED], most + 1);
  });
});
