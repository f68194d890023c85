import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LabelRun, NoteAttempt } from "@tutti/contracts/workflow/v1";
import { RunScene } from "../../testing/index.ts";
import { noteAttempt } from "../results/attempts.ts";
import { cancelRun, labelRun } from "./commands.ts";

const text = `workflow: w
tasks:
  done: {uses: x, compensate: {uses: y}}
  at-work: {needs: [done], uses: x}
  queued: {needs: [done], uses: x}
  child: {needs: [done], workflow: other}
`;

describe("a run that gets other labels and another priority", () => {
  const change = (scene: RunScene, priority: number) =>
    scene.driver.execute(
      scene.key,
      labelRun,
      LabelRun.fromPartial({ labels: { team: "b" }, priority, dueMs: 1_767_225_700_000 }),
    );

  it("is offered with them if no agent has started, under the same token", () => {
    const scene = RunScene.of(text, { labels: { team: "a" } });
    scene.complete("done");
    const note = NoteAttempt.fromPartial({ agent: "anna", startMs: scene.driver.nowMs });
    scene.driver.settle(scene.offer("at-work"), noteAttempt, note);
    const { number, attempt } = scene.offer("queued");
    change(scene, 7);
    const { effect, ...token } = scene.offer("queued");
    assert.deepEqual([token.number, token.attempt], [number, attempt]);
    assert.deepEqual(effect.facts, { labels: { team: "b" }, priority: 7, dueMs: 1_767_225_700_000 });
    assert.equal(scene.offer("at-work").effect.facts.priority, 0, "it is too late for a running task");
    scene.complete("queued");
  });

  it("compensates its tasks with them as well", () => {
    const scene = RunScene.of(text);
    scene.complete("done");
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    change(scene, 3);
    assert.equal(scene.offer("done").effect.facts.priority, 3);
  });
});
