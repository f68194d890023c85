import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Explanation, RetryClass, WorkStatus } from "@tutti/contracts/types/v1";
import { EndChild, NoteAttempt, ResumeRun, RetryRun } from "@tutti/contracts/workflow/v1";
import { fromTimestamp, isRefusal } from "@tutti/kernel";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { RunScene } from "../../testing/index.ts";
import { resumeRun } from "../control/commands.ts";
import { retryRun } from "../repair/commands.ts";
import { noteAttempt } from "../results/attempts.ts";
import { endChild } from "../results/children.ts";
import { showCounts } from "./counts.ts";
import { explain } from "./explain.ts";
import { showRun } from "./run.ts";
import { showTask } from "./tasks.ts";

const booked = `workflow: trip
tasks:
  book: {uses: t.book, compensate: {uses: t.unbook, retry: {attempts: 2, backoff: 1s}}}
  pay: {uses: t.pay, needs: [book]}
`;

function runOf(scene: RunScene) {
  const run = scene.driver.query(scene.key, showRun, { withPayloads: false });
  assert.ok(!isRefusal(run));
  return run;
}

function taskOf(scene: RunScene, taskId: string) {
  const task = scene.driver.query(scene.key, showTask, { taskId });
  assert.ok(!isRefusal(task));
  return task;
}

function retry(scene: RunScene): void {
  scene.driver.execute(scene.key, retryRun, RetryRun.fromPartial({ reason: "again" }));
}

describe("a run in replies", () => {
  it("reports its first start after retries and snapshots, so that its duration is the same in every list", () => {
    const scene = RunScene.of(booked);
    const { startTime } = runOf(scene);
    assert.ok(startTime !== undefined);
    scene.fail("book");
    scene.driver.advance(60_000);
    retry(scene);
    assert.equal(scene.state.beginMs, fromTimestamp(startTime) + 60_000, "the timeout starts again");
    scene.driver.advance(5_000);
    scene.fail("book");
    retry(scene);
    assert.deepEqual(runOf(scene).startTime, startTime);
    const { snapshots } = scene.machine;
    const restored = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.equal(restored.firstBeginMs, fromTimestamp(startTime));
  });

  it("counts completed tasks as its progress: a failed run is not at 100 %", () => {
    const scene = RunScene.of("workflow: w\ntasks: {a: {uses: t.a}, b: {uses: t.b, needs: [a]}}\n");
    scene.complete("a");
    assert.equal(runOf(scene).progress, 0.5);
    scene.fail("b");
    assert.equal(runOf(scene).progress, 0.5);
    retry(scene);
    scene.complete("b");
    assert.equal(runOf(scene).progress, 1);
  });
});

describe("an explanation of a run", () => {
  const explained = (scene: RunScene) => {
    const found = scene.driver.query(scene.key, explain, { taskId: "" });
    assert.ok(!isRefusal(found));
    return found;
  };
  const countsOf = (scene: RunScene) => {
    const found = scene.driver.query(scene.key, showCounts, undefined);
    assert.ok(!isRefusal(found));
    return found;
  };

  it("counts as the run does: a list in progress waits for its entries, and the numbers add up", () => {
    const scene = RunScene.of(
      'workflow: w\ntasks:\n  each: {forEach: "${{ [1, 2, 3] }}", uses: t.each}\n  last: {uses: t.last, needs: [each]}\n',
    );
    scene.complete("each[0]");
    const { summary, waits } = explained(scene);
    assert.match(
      summary,
      /4 of 5 tasks have not ended: 2 wait .*, 1 waits for the tasks before, 1 waits for inner tasks \(`each`\)/,
    );
    assert.equal(waits.length, 1, "the list itself needs no remedy");
    const { counts } = countsOf(scene);
    assert.deepEqual([counts.total, counts.completed], [5, 1]);
  });

  it("has the error of a child", () => {
    const scene = RunScene.of("workflow: w\ntasks: {sub: {workflow: other}}\n");
    const { childId } = stateOfKind(scene.state.nodes[0], "child") ?? assert.fail("no child");
    const error = { code: "test.broken", message: "the stock is empty" };
    const ending = { runId: childId, status: WorkStatus.WORK_STATUS_FAILED, error };
    scene.driver.execute(scene.key, endChild, EndChild.fromPartial({ taskId: "sub", ending }));
    const expected = `Child run \`${childId}\` of task \`sub\` failed: the stock is empty. See it with \`tutti show ${childId}\`.`;
    assert.equal(explained(scene).failures[0]?.error?.message, expected);
  });
});

describe("an explanation of a task", () => {
  const commandFor = (scene: RunScene, taskId: string, nowMs: number): string => {
    const found = explain.answer(scene.state, { taskId }, { key: scene.key, nowMs });
    assert.ok(!isRefusal(found));
    return (found as Explanation).remedies[0]?.command ?? "";
  };

  it("names the payload of the signal that it waits for", () => {
    const properties = "{amount: {type: integer}, note: {type: string}}";
    const scene = RunScene.of(
      `workflow: w\nsignals: {paid: {schema: {type: object, required: [amount], properties: ${properties}}}, other: {}}\ntasks: {a: {wait: {signal: paid}}, b: {wait: {signal: other}}}\n`,
    );
    const textFor = (taskId: string) => {
      const found = explain.answer(scene.state, { taskId }, { key: scene.key, nowMs: 0 });
      return (found as Explanation).remedies[0]?.text;
    };
    assert.equal(
      textFor("a"),
      "Send the signal. Its payload, as KEY=VALUE: amount (integer), note (string, optional).",
    );
    assert.equal(textFor("b"), "Send the signal. If it has a payload: KEY=VALUE.");
  });

  it("counts the attempts of a failing task, and offers its log and a retry if the pause before its next attempt is long", () => {
    const scene = RunScene.of("workflow: w\ntasks: {a: {uses: t.a, retry: {attempts: 3, backoff: 1h}}}\n");
    scene.fail("a");
    const dueMs = scene.state.nodes[0]?.more?.dueMs ?? 0;
    const explained = (nowMs: number) =>
      explain.answer(scene.state, { taskId: "a" }, { key: scene.key, nowMs }) as Explanation;
    const { waits, remedies } = explained(dueMs - 60_000);
    assert.equal(waits[0]?.message, "attempt 1 of 3 failed, and the next one starts after a pause");
    const log = `tutti logs ${scene.key.id} --task a`;
    assert.deepEqual(
      remedies.map(({ command }) => command),
      [log, `tutti retry ${scene.key.id} --task a`],
    );
    assert.deepEqual(
      explained(dueMs - 1_000).remedies.map(({ command }) => command),
      [log],
    );
  });

  it("offers to resume it if its retries are used up and its policy asks a person", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks: {a: {uses: t.a, retry: {attempts: 1, exhausted: pause}}}\n",
    );
    scene.fail("a");
    assert.equal(commandFor(scene, "a", 0), `tutti resume ${scene.key.id} --task a`);
  });
});

describe("an explanation of an ended run", () => {
  const explained = (scene: RunScene) => {
    const found = scene.driver.query(scene.key, explain, { taskId: "" });
    assert.ok(!isRefusal(found));
    return found;
  };
  const never = { retry: RetryClass.RETRY_CLASS_NEVER };

  it("names tasks that failed without failing the run, and no remedy", () => {
    const scene = RunScene.of("workflow: w\ntasks: {a: {uses: t.a, mayFail: true}, b: {uses: t.b}}\n");
    scene.fail("a", "test.broken", never);
    scene.complete("b");
    const { summary, failures, remedies } = explained(scene);
    assert.equal(summary, "The run completed although 1 task failed: `a`.");
    assert.deepEqual([failures, remedies], [[], []]);
  });

  it("offers a retry, except after an error that the same definition repeats", () => {
    const remediesAfter = (code: string) => {
      const scene = RunScene.of("workflow: w\ntasks: {a: {uses: t.a}}\n");
      scene.fail("a", code, never);
      const ofTask = scene.driver.query(scene.key, explain, { taskId: "a" });
      assert.ok(!isRefusal(ofTask));
      const { id } = scene.key;
      const [log, ...others] = ofTask.remedies;
      assert.equal(log?.command, `tutti logs ${id} --task a`);
      const { remedies } = explained(scene);
      assert.deepEqual(
        others,
        remedies.filter(({ command }) => command !== `tutti logs ${id}`),
      );
      return remedies.map(({ text }) => text);
    };
    const [log, retry] = remediesAfter("test.broken");
    assert.match(log ?? "", /^See the log/);
    assert.match(retry ?? "", /^Retry the failed tasks after the cause is corrected/);
    const [correct] = remediesAfter("agent.budget_exhausted");
    assert.match(correct ?? "", /^Correct the definition.* start another run/);
  });
});

describe("attempts of a task in replies", () => {
  it("do not count its compensation, which is marked, also after the task is done again", () => {
    const scene = RunScene.of(booked);
    scene.driver.advance(10);
    scene.complete("book");
    scene.driver.advance(10);
    scene.fail("pay");
    assert.deepEqual([taskOf(scene, "book").attemptCount, taskOf(scene, "pay").attemptCount], [1, 1]);
    scene.fail("book");
    scene.driver.advance(5_000);
    scene.complete("book");
    const undone = taskOf(scene, "book");
    assert.equal(undone.attemptCount, 1);
    assert.deepEqual(
      undone.attempts.map(({ number, compensation }) => [number, compensation]),
      [
        [2, true],
        [3, true],
      ],
    );
    scene.driver.advance(10);
    retry(scene);
    assert.equal(taskOf(scene, "book").attemptCount, 2);
    const { snapshots } = scene.machine;
    const restored = snapshots.decode(snapshots.encode(scene.state), snapshots.version);
    assert.equal(restored.nodes[0]?.more?.undo?.attempts, 2);
    assert.deepEqual(
      taskOf(scene, "book").attempts.map(({ compensation }) => compensation),
      [true, false],
    );
  });

  it("are all there with their times after the task was paused, resumed and paused again", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks: {a: {uses: t.a, retry: {attempts: 2, backoff: 1s, jitter: 0, exhausted: pause}}}\n",
    );
    const failTwice = () => {
      for (let times = 1; times <= 2; times++) {
        const started = { agent: "agent-1", startMs: scene.driver.nowMs };
        scene.driver.settle(scene.offer("a"), noteAttempt, NoteAttempt.fromPartial(started));
        scene.driver.advance(100);
        scene.fail("a");
        scene.driver.advance(1_000);
      }
    };
    failTwice();
    scene.driver.execute(scene.key, resumeRun, ResumeRun.fromPartial({}));
    failTwice();
    scene.driver.advance(60_000);
    const attempts = () =>
      taskOf(scene, "a").attempts.map(({ number, agentId, pool, startTime, endTime }) => [
        number,
        agentId,
        pool,
        startTime && endTime && fromTimestamp(endTime) - fromTimestamp(startTime),
      ]);
    const expected = [1, 2, 3, 4].map((number) => [number, "agent-1", "default", 100]);
    assert.deepEqual(attempts(), expected);
  });

  it("include the attempt that failed before the run was retried", () => {
    const scene = RunScene.of("workflow: w\ntasks: {a: {uses: t.a}}\n");
    scene.fail("a");
    retry(scene);
    scene.complete("a");
    assert.deepEqual(
      taskOf(scene, "a").attempts.map(({ number, error }) => [number, error?.code]),
      [
        [1, "test.broken"],
        [2, undefined],
      ],
    );
  });
});
