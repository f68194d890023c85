import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Run, Task } from "@tutti/contracts/workflow/v1";
import { TuttiError, toTimestamp } from "@tutti/kernel";
import { everyTask } from "./lists.ts";
import { attemptRows, runRow, usedBy } from "./rows.ts";
import { storedTables } from "./tables.ts";

const run = Run.fromPartial({ namespace: "default", runId: "r" });
const attempt = (number: number) => ({ number, queueTime: toTimestamp(0), endTime: toTimestamp(number) });
const tasks = [
  Task.fromPartial({ taskId: "a", attempts: [attempt(1), attempt(2)], used: { tokens: 30, money: 0.012 } }),
  Task.fromPartial({ taskId: "b", attempts: [attempt(1)], used: { tokens: 5, money: 0.5 } }),
  Task.fromPartial({ taskId: "c", attempts: [attempt(1)] }),
];

function valueIn(table: "work" | "attempt", row: readonly unknown[], column: string): unknown {
  return row[storedTables[table].columns.findIndex(({ name }) => name === column)];
}

describe("facts", () => {
  it("the row of a run has the tokens and the money of its tasks, which lists of runs do not have", () => {
    const row = runRow(run, usedBy(tasks));
    assert.deepEqual([valueIn("work", row, "tokens"), valueIn("work", row, "money")], [35, 0.512]);
  });

  it("the row of a run excludes its child runs, which have rows of their own", () => {
    const child = { namespace: "default", kind: "run", id: "r.child" };
    const whole = [...tasks, Task.fromPartial({ taskId: "d", child, used: { tokens: 900, money: 7 } })];
    assert.deepEqual(usedBy(whole), usedBy(tasks));
  });

  it("the rows of all attempts add up to the use of the task", () => {
    const money = tasks.flatMap((task) =>
      attemptRows(run, task).map((row) => valueIn("attempt", row, "money")),
    );
    assert.deepEqual(money, [0, 0.012, 0.5, 0]);
  });

  it("work that was deleted has no tasks, and the round continues with the next work", async () => {
    const fails = (status: "NOT_FOUND" | "UNAVAILABLE") =>
      everyTask(() => Promise.reject(new TuttiError({ code: "test.failed", status, message: "" })));
    assert.deepEqual(await fails("NOT_FOUND"), []);
    await assert.rejects(fails("UNAVAILABLE"));
  });

  it("work has the tasks of all pages", async () => {
    const pages = [
      { tasks: [1, 2], page: { nextToken: "next" } },
      { tasks: [3], page: { nextToken: "" } },
    ];
    assert.deepEqual(
      await everyTask(async ({ token }) => pages[token === "" ? 0 : 1] ?? assert.fail()),
      [1, 2, 3],
    );
  });
});
