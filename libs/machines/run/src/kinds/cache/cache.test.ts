import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WorkStatus } from "@tutti/contracts/types/v1";
import { ResetRun, RunOrder } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { cache } from "@tutti/machine-entities/cache";
import type { OfferTask } from "../../core/state/effects.ts";
import { beginRun, pauseRun, resumeRun } from "../../life/control/commands.ts";
import { showEnding } from "../../life/queries/run.ts";
import { showSnapshot } from "../../life/queries/snapshot.ts";
import { showTask } from "../../life/queries/tasks.ts";
import { resetRun } from "../../life/repair/commands.ts";
import { completeTask } from "../../life/results/attempts.ts";
import { signalRun } from "../../life/results/signals.ts";
import { runMachine } from "../../machine.ts";
import { jsonBytes, jsonOf, KnownDefinitions, runKey, runService } from "../../testing/index.ts";

const text = `
workflow: cached
tasks:
  look: {uses: test.look, with: "\${{ input }}", cache: 1m}
output: "\${{ tasks.look.output }}"
`;

class Scene {
  readonly #known = new KnownDefinitions();
  readonly run = runMachine({ plans: this.#known });
  readonly driver = new MachineDriver({ machines: [this.run, cache], service: runService });

  begin(id: string, input: unknown, definition = text) {
    const key = { ...runKey, id };
    const order = RunOrder.fromPartial({ hash: this.#known.add(definition), input: jsonBytes(input) });
    this.driver.execute(key, beginRun, { order });
    return key;
  }

  get offers() {
    return this.driver.effects.map(({ key, effect }) => `${key.id} ${(effect as OfferTask).taskId}`);
  }

  complete(output: unknown) {
    const [effect] = this.driver.effects;
    assert.ok(effect !== undefined);
    const body = {
      output: jsonBytes(output),
      outputPayload: undefined,
      agent: "a",
      runMs: 1,
      used: undefined,
      questions: [],
    };
    this.driver.settle(effect, completeTask, body);
    this.driver.deliverAll();
  }

  outputOf(id: string) {
    const { ending } = this.driver.query({ ...runKey, id }, showEnding, undefined) as {
      ending: { status: WorkStatus; output: Uint8Array } | undefined;
    };
    return ending === undefined ? undefined : jsonOf(ending.output);
  }
}

describe("a task whose output may be used again", () => {
  it("is done once for the same input, until its time is over", () => {
    const scene = new Scene();
    scene.begin("first", { a: 1 });
    assert.deepEqual(scene.offers, [], "the cache is asked first");
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["first look"]);
    scene.complete("found");
    const second = scene.begin("second", { a: 1 });
    scene.driver.deliverAll();
    assert.deepEqual([scene.offers, scene.outputOf("second")], [[], "found"]);
    const task = scene.driver.query(second, showTask, { taskId: "look" });
    assert.ok(!isRefusal(task) && task.fromCache);
    scene.begin("other", { a: 2 });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["other look"]);
    scene.complete("else");
    scene.driver.advance(60_000);
    scene.begin("late", { a: 1 });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["late look"]);
  });

  it("is done all the same when the cache does not answer, and an answer that is late says nothing", () => {
    const scene = new Scene();
    scene.begin("alone", 1);
    scene.driver.advance(5_000);
    assert.deepEqual(scene.offers, ["alone look"]);
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["alone look"]);
  });

  it("waits with its run while that is paused", () => {
    const scene = new Scene();
    const key = scene.begin("held", 1);
    scene.driver.execute(key, pauseRun, { reason: "" });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, []);
    scene.driver.execute(key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offers, ["held look"]);
  });

  it("is not completed by an answer from before a reset, which may be to another question", () => {
    const scene = new Scene();
    scene.begin("first", { a: 1 });
    scene.driver.deliverAll();
    scene.complete("found");
    const told = `
workflow: told
tasks:
  told: {wait: {signal: go}}
  look: {uses: test.look, with: "\${{ tasks.told.output }}", cache: 1m}
output: "\${{ tasks.look.output }}"
`;
    const key = scene.begin("second", null, told);
    const before = scene.driver.query(key, showSnapshot, undefined);
    assert.ok(!isRefusal(before));
    const tell = (value: unknown) => {
      const payload = { body: { $case: "inline" as const, value: jsonBytes(value) }, mediaType: "" };
      scene.driver.execute(key, signalRun, { signal: "go", payload });
    };
    tell({ a: 1 });
    const body = ResetRun.fromPartial({ toEvent: 1, snapshot: before.bytes, reason: "" });
    scene.driver.execute(key, resetRun, body);
    tell({ a: 2 });
    scene.driver.deliverAll();
    assert.deepEqual([scene.offers, scene.outputOf("second")], [["second look"], undefined]);
    scene.complete("else");
    assert.equal(scene.outputOf("second"), "else");
  });

  it("shares by a key of its own, where one is given", () => {
    const scene = new Scene();
    const keyed = text.replace("cache: 1m", 'cache: {key: "k", ttl: 1m}');
    scene.begin("one", 1, keyed);
    scene.driver.deliverAll();
    scene.complete("same");
    scene.begin("two", 2, keyed);
    scene.driver.deliverAll();
    assert.equal(scene.outputOf("two"), "same");
  });
});
