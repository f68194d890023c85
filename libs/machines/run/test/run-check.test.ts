/** The moments that the check of a run derives from events, and the points that a run can be reset to. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ResetRun } from "@tutti/contracts/workflow/v1";
import { limit } from "@tutti/machine-limit";
import type { RunEffect } from "../src/core/state/effects.ts";
import { resetRun } from "../src/life/repair/commands.ts";
import { type PlainOrder, RunCheck, RunScene } from "../src/testing/index.ts";

type Documents = PlainOrder["document"];

function orderOf(document: Documents): PlainOrder {
  return { document, input: null, script: {}, incarnation: 1 };
}

function started(document: Documents) {
  const scene = new RunScene(1, [limit]);
  scene.start(JSON.stringify(document));
  scene.driver.deliverAll();
  return { scene, check: new RunCheck(scene.machine, scene.key, orderOf(document)) };
}

function follow(scene: RunScene, check: RunCheck): void {
  for (const { type, version, payload } of scene.driver.history(scene.key).slice(check.events)) {
    const declared = scene.machine.events.find((event) => event.type === type && event.version === version);
    check.event(type, version, declared?.codec.decode(payload));
  }
}

describe("the check of a run", () => {
  it("resets a run with limits only to ends of steps, also if its tasks act as soon as they start", () => {
    const { scene, check } = started({
      workflow: "limited",
      limits: [{ key: "shared", concurrency: 1 }],
      tasks: { a: { workflow: "child" }, b: { approve: {} } },
    });
    follow(scene, check);
    const types = scene.events;
    assert.deepEqual(types.slice(-3), ["run_begun", "child_queued", "approval_asked"]);
    const shares = [0, 0.2, 0.4, 0.6, 0.8, 0.99];
    const last = new Set(shares.map((share) => types[check.stateAfter(share).event - 1]));
    assert.ok(last.has("approval_asked"));
    assert.ok(!last.has("run_begun") && !last.has("child_queued"), [...last].join(", "));
  });

  it("knows the input of an attempt that a previous owner offers after a reset of the run", () => {
    const { scene, check } = started({
      workflow: "again",
      tasks: { a: { uses: "do.it" }, b: { uses: "do.it", needs: ["a"], with: "x" } },
    });
    follow(scene, check);
    const { event: toEvent, snapshot } = check.stateAfter(1);
    scene.complete("a");
    const { number, attempt, effect } = scene.offer("b");
    scene.driver.execute(scene.key, resetRun, ResetRun.fromPartial({ toEvent, snapshot }));
    follow(scene, check);
    check.offered({ number, attempt }, effect as RunEffect);
    assert.deepEqual(check.findings, []);
    check.offered({ number, attempt }, { ...effect, input: undefined });
    assert.equal(check.findings.length, 1, "what it does not work on is noticed");
  });

  it("knows the attempt that requests a child, even after a reset before the start of its task", () => {
    const { scene, check } = started({
      workflow: "parent",
      tasks: { a: { uses: "do.it" }, b: { workflow: "child", needs: ["a"] } },
    });
    follow(scene, check);
    const { event: toEvent, snapshot } = check.stateAfter(1);
    scene.complete("a");
    follow(scene, check);
    const [effect] = scene.driver.effects;
    assert.ok(effect !== undefined);
    const { taskId, visit, attempt } = check.attempt(effect) ?? {};
    assert.deepEqual([taskId, visit, attempt], ["b", 1, 1]);
    scene.driver.execute(scene.key, resetRun, ResetRun.fromPartial({ toEvent, snapshot }));
    follow(scene, check);
    assert.deepEqual(scene.offered, ["a"]);
    const after = check.attempt(effect);
    assert.deepEqual([after?.taskId, after?.visit, after?.attempt], ["b", 1, 1]);
  });
});
