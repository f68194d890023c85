import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReturnTask } from "@tutti/contracts/workflow/v1";
import { lostMax } from "../limits.ts";
import { RunScene } from "../testing/index.ts";
import { returnTask } from "./commands.ts";

describe("an attempt whose agent is lost again and again", () => {
  it("fails, and the next one may be lost as often again", () => {
    const scene = RunScene.of(
      "workflow: w\ntasks: {a: {uses: t.a, retry: {max: 2, backoff: 1s, jitter: 0}}}\n",
    );
    const lose = (): void => {
      scene.driver.settle(scene.offer("a"), returnTask, ReturnTask.fromPartial({ lost: true }));
      scene.driver.advance(5_000);
    };
    for (let lost = 1; lost <= lostMax; lost++) lose();
    assert.equal(scene.offer("a").effect.attempt, 2);
    for (let lost = 1; lost < lostMax; lost++) lose();
    assert.equal(scene.offer("a").effect.attempt, 2, "none of them counts");
    lose();
    assert.equal(scene.events.at(-1), "run_failed");
  });
});
