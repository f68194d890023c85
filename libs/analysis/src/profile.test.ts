import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { profileOf } from "./profile.ts";
import { listRuns, shop } from "./work.fixture.ts";

describe("the profile of a definition", () => {
  it("has outcomes, durations, tasks by their time, and paths", () => {
    const { works, attempts } = shop(1, {
      runMs: (task) => (task === "parcel" ? 900 : 100),
      fails: ({ task, order }) => task === "stock" && order % 4 === 0,
    });
    const profile = profileOf(works, attempts);
    assert.deepEqual([profile.count, profile.success], [200, 0.75]);
    assert.ok((profile.durationMs[0] ?? 0) < (profile.durationMs[2] ?? 0));
    assert.deepEqual(
      profile.tasks.map(({ task }) => task),
      ["parcel", "stock", "mail", "pay"],
    );
    const [parcel, stock] = profile.tasks;
    assert.deepEqual([parcel?.critical, stock?.critical, stock?.success], [0.75, 1, 0.75]);
    assert.deepEqual(
      profile.paths.map(({ tasks, share, success }) => [tasks.join(), share, success]),
      [
        ["stock,parcel,pay,mail", 0.75, 1],
        ["stock", 0.25, 0],
      ],
    );
  });

  it("counts the entries of a list as one task", () => {
    const { works, attempts } = listRuns(10);
    const { tasks, paths } = profileOf(works, attempts);
    assert.deepEqual(
      tasks.map(({ task, count, attempts: each, critical }) => [task, count, each, critical]),
      [["ship", 200, 1, 1]],
    );
    assert.deepEqual(
      paths.map(({ tasks: path, share }) => [path, share]),
      [[["ship"], 1]],
    );
  });

  it("of no work is empty", () => {
    assert.deepEqual(profileOf([], []), { count: 0, success: 0, durationMs: [], tasks: [], paths: [] });
  });
});
