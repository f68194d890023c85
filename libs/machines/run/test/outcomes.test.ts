/** Random graphs end as a plain reading of the language requires, for any order in which their tasks end. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { RunOrder } from "@tutti/contracts/workflow/v1";
import { checkDocument, type TaskDocument } from "@tutti/definitions";
import { taskStatusName } from "@tutti/machine-work";
import fc from "fast-check";
import { statusOfNode } from "../src/core/state/places.ts";
import { RunPlan, runMachine } from "../src/index.ts";
import { jsonBytes, PlainStep } from "../src/testing/index.ts";

interface DrawnTask {
  readonly needs: readonly { readonly back: number; readonly on: "success" | "failure" | "always" }[];
  readonly fails: boolean;
  readonly isAsked: boolean;
  readonly when: boolean;
  readonly mayFail: boolean;
  readonly entries: number;
}

const drawnTask = fc.record({
  needs: fc.array(
    fc.record({
      back: fc.integer({ min: 1, max: 4 }),
      on: fc.constantFrom("success" as const, "success" as const, "failure" as const, "always" as const),
    }),
    { maxLength: 3 },
  ),
  fails: fc.boolean(),
  isAsked: fc.boolean(),
  when: fc.boolean(),
  mayFail: fc.boolean(),
  entries: fc.constantFrom(-1, -1, -1, 0, 2, 3),
});

type Drawn = Partial<Record<number, DrawnTask>>;

/** The last need on a task counts: `needs` names each once. */
function needsOf({ needs }: DrawnTask, at: number): ReadonlyMap<number, string> {
  return new Map(needs.filter(({ back }) => at - back >= 0).map(({ back, on }) => [at - back, on]));
}

function documentOf(drawn: readonly DrawnTask[]) {
  const tasks: Record<string, TaskDocument> = {};
  for (const [at, task] of drawn.entries()) {
    const needs = [...needsOf(task, at)].map(([number, on]) => ({ task: `t${number}`, on }));
    tasks[`t${at}`] = {
      uses: "test.work",
      ...(needs.length > 0 && { needs: needs as never }),
      ...(task.isAsked && { when: task.when }),
      ...(task.mayFail && { mayFail: true }),
      ...(task.entries >= 0 && { forEach: `lists.range(${task.entries})` }),
    };
  }
  return { workflow: "drawn", tasks };
}

/** Returns the expected status of each, derived from the rules. */
function expected(drawn: readonly DrawnTask[]): readonly string[] {
  const ends: string[] = [];
  for (const [at, task] of drawn.entries()) {
    const isMet = [...needsOf(task, at)].every(
      ([number, on]) => on === "always" || ends[number] === (on === "success" ? "completed" : "failed"),
    );
    const isDone = isMet && !(task.isAsked && !task.when);
    // A list without entries has no entry that could fail.
    const fails = task.fails && task.entries !== 0;
    ends.push(isDone ? (fails ? "failed" : "completed") : "skipped");
  }
  return ends;
}

describe("graphs drawn by chance", () => {
  it("end with the statuses that the rules predict", () => {
    fc.assert(
      fc.property(fc.array(drawnTask, { minLength: 1, maxLength: 9 }), (drawn) => {
        const { definition, problems } = checkDocument(documentOf(drawn));
        assert.ok(definition?.plan, problems[0]?.message);
        const plan = new RunPlan(definition.plan, definition.hash);
        const machine = runMachine({ plans: { plan: () => plan } });
        const known: Drawn = { ...drawn };
        const step = new PlainStep(machine, (id) => known[Number(/\d+/.exec(id)?.[0])]?.fails === true);
        step.start({ order: RunOrder.fromPartial({ hash: definition.hash }) });
        step.finish(jsonBytes(1));
        const ends = drawn.map((_, number) => taskStatusName(statusOfNode(step.state, number)));
        assert.deepEqual(ends, expected(drawn));
        const isFailed = drawn.some(({ mayFail }, number) => ends[number] === "failed" && !mayFail);
        assert.equal(
          step.state.ending,
          isFailed ? WorkStatus.WORK_STATUS_FAILED : WorkStatus.WORK_STATUS_COMPLETED,
        );
      }),
      { numRuns: 120 },
    );
  });
});
