import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bottlenecksOf, criticalPath, replayedMs } from "./bottlenecks.ts";
import { shop } from "./work.fixture.ts";

const tasks = ["stock", "pay", "parcel", "mail"];

describe("the critical path of a run", () => {
  it("takes the slower of two branches, and sums up to the time of the run", () => {
    const { works, attempts } = shop(1, {
      orders: 1,
      runMs: (task) => (task === "parcel" ? 900 : 100),
    });
    const [work = assert.fail()] = works;
    const path = criticalPath(work, attempts);
    assert.deepEqual([...new Set(path.map(({ attempt }) => attempt.task))], ["stock", "parcel", "mail"]);
    const sum = path.reduce((all, { ms }) => all + ms, 0);
    assert.ok(Math.abs(sum - (work.endedMs - work.startedMs)) < 1e-6);
  });

  it("has failed attempts and the pauses between them as retries", () => {
    const { works, attempts } = shop(2, {
      ...{ orders: 1, attemptsMax: 3 },
      fails: ({ task, number }) => task === "pay" && number < 3,
    });
    const [work = assert.fail()] = works;
    const retried = criticalPath(work, attempts).filter(({ part }) => part === "retry");
    assert.ok(retried.every(({ attempt }) => attempt.task === "pay"));
    assert.ok(retried.reduce((all, { ms }) => all + ms, 0) > 2_000);
  });
});

describe("a replay", () => {
  it("with the same times takes as long as the run did", () => {
    const { works, attempts } = shop(3, { orders: 50 });
    for (const work of works) {
      const own = attempts.filter(({ workId }) => workId === work.id);
      const ms = replayedMs(work, own, ({ queuedMs, startedMs, endedMs }) => ({
        ...{ queueMs: startedMs - queuedMs, runMs: endedMs - startedMs },
      }));
      assert.ok(Math.abs(ms - (work.endedMs - work.startedMs)) < 1, work.id);
    }
  });
});

describe("bottlenecks", () => {
  it("are found where they were planted: queues, slow tasks, retries", () => {
    let found = 0;
    let planted = 0;
    for (let seed = 0; seed < 24; seed++) {
      const task = tasks[seed % 4] ?? "";
      const part = (["queue", "run", "retry"] as const)[seed % 3] ?? "run";
      const { works, attempts } = shop(seed, {
        ...{ orders: 100, attemptsMax: 3 },
        queueMs: (each) => (part === "queue" && each === task ? 2_000 : 5),
        runMs: (each) => (part === "run" && each === task ? 2_000 : 100),
        fails: ({ task: each, number }) => part === "retry" && each === task && number < 3,
      });
      const [first] = bottlenecksOf(works, attempts);
      planted++;
      const isRight =
        first?.part === part && (part === "queue" ? first.uses === `shop.${task}` : first.task === task);
      if (isRight && first.share > 0.5 && first.gain > 0.3) found++;
    }
    assert.equal(found, planted);
  });

  it("are worth no more than the branch beside them allows", () => {
    const { works, attempts } = shop(9, {
      queueMs: (task) => (task === "parcel" ? 1_000 : 5),
      runMs: (task) => (task === "pay" ? 900 : 100),
    });
    const queue = bottlenecksOf(works, attempts).find(({ part }) => part === "queue");
    // Without the queue of `parcel`, `pay` beside it takes nearly as long.
    assert.ok(queue !== undefined && queue.share > 0.5 && queue.gain < 0.2, JSON.stringify(queue));
  });

  it("are not said of work that ran a few times", () => {
    const { works, attempts } = shop(4, { orders: 3, queueMs: () => 9_000 });
    assert.deepEqual(bottlenecksOf(works, attempts), []);
  });
});
