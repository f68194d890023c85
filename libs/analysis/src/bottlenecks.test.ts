import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { type BottleneckFound, bottlenecksOf, criticalPath, replayedMs } from "./bottlenecks.ts";
import { listRuns, shop } from "./work.fixture.ts";

const tasks = ["stock", "pay", "parcel", "mail"];

describe("the critical path of a run", () => {
  it("follows the slower of two branches, and adds up to the duration of the run", () => {
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

describe("the gain without retries", () => {
  it("is no more than their share if the last attempt of the work failed too", () => {
    const { works, attempts } = shop(2, {
      ...{ orders: 40, attemptsMax: 2, runMs: () => 1_000, queueMs: () => 0 },
      fails: ({ task }) => task === "stock",
    });
    const retries = bottlenecksOf(works, attempts).find(({ part }) => part === "retry");
    assert.ok(retries !== undefined);
    assert.ok(retries.gain <= retries.share + 0.01, `${retries.gain} of ${retries.share}`);
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
  it("include the entries of a list together, even if each takes less than a tenth of the time", () => {
    const { works, attempts } = listRuns(10);
    const found = bottlenecksOf(works, attempts);
    assert.deepEqual(
      found.map(({ part, task, share, gain }) => [part, task, Math.round(share * 100), gain]),
      [["run", "ship", 100, 0.5]],
    );
  });

  it("are found where they were injected: queues, slow tasks, retries", () => {
    // A finding is large if a user would act on it: without it, work takes less than two thirds of its time.
    const isLarge = ({ share, gain }: BottleneckFound) => share > 0.5 && gain > 0.33;
    const quiet = Array.from({ length: 500 }, (_, seed) => {
      const chance = seededChance(seed);
      const usual = new Map(tasks.map((task) => [task, 80 + 40 * chance.random()]));
      const fails = () => chance.random() < 0.02;
      return shop(10_000 + seed, {
        orders: 60,
        attemptsMax: 3,
        runMs: (task) => usual.get(task) ?? 100,
        fails,
      });
    });
    const false_ = quiet.filter(({ works, attempts }) => bottlenecksOf(works, attempts).some(isLarge)).length;
    const planted = Array.from({ length: 50 }, (_, seed) => {
      const task = tasks[seed % 4] ?? "";
      const part = (["queue", "run", "retry"] as const)[seed % 3] ?? "run";
      // From the 60th order on, at one order per minute.
      const isSlow = (each: string, order: number) => each === task && order >= 60;
      const orders = shop(seed, {
        ...{ orders: 120, attemptsMax: 3 },
        queueMs: (each, order) => (part === "queue" && isSlow(each, order) ? 2_000 : 5),
        runMs: (each, order) => (part === "run" && isSlow(each, order) ? 2_000 : 100),
        fails: ({ task: each, number, order }) => part === "retry" && isSlow(each, order) && number < 3,
      });
      return { task, part, ...orders };
    });
    /** Whether it is found in the last hour, a number of orders after its start. */
    const isFound = ({ task, part, works, attempts }: (typeof planted)[number], after: number) => {
      const hour = works.slice(after, 60 + after);
      const ids = new Set(hour.map(({ id }) => id));
      const [first] = bottlenecksOf(
        hour,
        attempts.filter(({ workId }) => ids.has(workId)),
      );
      if (first === undefined || first.part !== part || !isLarge(first)) return false;
      return part === "queue" ? first.uses === `shop.${task}` : first.task === task;
    };
    const right = planted.filter((each) => isFound(each, 60)).length;
    assert.ok(right >= 0.9 * planted.length, `${right} of ${planted.length} found`);
    assert.ok(right / (right + false_) >= 0.9, `${false_} false in 500`);
    const delays = planted.map((each) => {
      for (let after = 1; after <= 60; after++) if (isFound(each, after)) return after;
      return Number.POSITIVE_INFINITY;
    });
    delays.sort((one, other) => one - other);
    assert.ok((delays[44] ?? 0) <= 30, `known after so many orders: ${delays}`);
  });

  it("gain no more than the parallel branch allows", () => {
    const { works, attempts } = shop(9, {
      queueMs: (task) => (task === "parcel" ? 1_000 : 5),
      runMs: (task) => (task === "pay" ? 900 : 100),
    });
    const queue = bottlenecksOf(works, attempts).find(({ part }) => part === "queue");
    // Without the queue of `parcel`, the concurrent `pay` takes nearly as long.
    assert.ok(queue !== undefined && queue.share > 0.5 && queue.gain < 0.2, JSON.stringify(queue));
  });

  it("are not reported for work with few runs", () => {
    const { works, attempts } = shop(4, { orders: 3, queueMs: () => 9_000 });
    assert.deepEqual(bottlenecksOf(works, attempts), []);
  });
});
