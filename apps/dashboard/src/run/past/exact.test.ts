import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stateOfNumber } from "../model/task-state.ts";
import { exactMoment, exactTasksMax, type PastPage } from "./exact.ts";

describe("a moment as the platform knows it", () => {
  const places = new Map([
    ["a", 0],
    ["b", 1],
    ["later", 2],
  ]);

  it("is read page by page, without later and removed tasks", async () => {
    const pages: Record<string, PastPage> = {
      "": { run: { status: "running" }, tasks: [{ taskId: "a", status: "completed" }], nextToken: "2" },
      "2": {
        run: { status: "running" },
        tasks: [
          { taskId: "b", status: "queued" },
          { taskId: "gone", status: "failed" },
        ],
      },
    };
    const moment = await exactMoment(places, async (token) => pages[token] as PastPage);
    assert.equal(moment?.run, "running");
    assert.deepEqual([...(moment?.states ?? [])].map(stateOfNumber), ["completed", "queued", undefined]);
  });

  it("is not requested if there are too many tasks", async () => {
    const many = new Map(Array.from({ length: exactTasksMax + 1 }, (_, n) => [`t${n}`, n]));
    const never = () => Promise.reject(new Error("nobody should ask"));
    assert.equal(await exactMoment(many, never), undefined);
  });
});
