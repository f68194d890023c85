import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorDetail, Payload, RetryClass, type WorkStatus } from "@tutti/contracts/types/v1";
import { CacheMissReason, ResetRun, RetryRun, RunOrder } from "@tutti/contracts/workflow/v1";
import { type InstanceKey, isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { cache, forgetOutput, freshOutput } from "@tutti/machine-entities/cache";
import type { OfferTask } from "../../core/state/effects.ts";
import { beginRun, pauseRun, resumeRun, terminateRun } from "../../life/control/commands.ts";
import { showEnding } from "../../life/queries/run.ts";
import { showSnapshot } from "../../life/queries/snapshot.ts";
import { showTask } from "../../life/queries/tasks.ts";
import { resetRun, retryRun } from "../../life/repair/commands.ts";
import { completeTask, failTask } from "../../life/results/attempts.ts";
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
  readonly run: ReturnType<typeof runMachine>;
  readonly driver: MachineDriver;

  constructor(isEntryHere = false) {
    const find = (entry: InstanceKey, nowMs: number) => {
      const isThere = this.driver.keys.some(({ kind, id }) => kind === entry.kind && id === entry.id);
      return isThere ? freshOutput(this.driver.state(entry, cache), nowMs) : undefined;
    };
    this.run = runMachine({ plans: this.#known, ...(isEntryHere && { outputs: { find } }) });
    this.driver = new MachineDriver({ machines: [this.run, cache], service: runService });
  }

  start(id: string, input: unknown, definition = text) {
    return this.startWith(id, jsonBytes(input), definition);
  }

  startWith(id: string, input: Uint8Array, definition = text) {
    const key = { ...runKey, id };
    const order = RunOrder.fromPartial({ hash: this.#known.add(definition), input });
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
      runMs: 40,
      used: undefined,
      questions: [],
    };
    this.driver.settle(effect, completeTask, body);
    this.driver.deliverAll();
  }

  keyOf(id: string, taskId: string): string {
    const task = this.driver.query({ ...runKey, id }, showTask, { taskId });
    assert.ok(!isRefusal(task));
    return task.cacheEntry;
  }

  missOf(id: string, taskId: string) {
    const task = this.driver.query({ ...runKey, id }, showTask, { taskId });
    assert.ok(!isRefusal(task));
    return task.cacheMiss === undefined ? [] : [task.cacheMiss.reason, task.cacheMiss.runId];
  }

  entryOf(id: string, taskId: string) {
    return this.driver.state({ ...runKey, kind: "cache", id: this.keyOf(id, taskId) }, cache);
  }

  errorOf(id: string) {
    const { ending } = this.driver.query({ ...runKey, id }, showEnding, undefined) as {
      ending: { error?: { code: string } } | undefined;
    };
    return ending?.error?.code;
  }

  outputOf(id: string) {
    const { ending } = this.driver.query({ ...runKey, id }, showEnding, undefined) as {
      ending: { status: WorkStatus; output: Uint8Array } | undefined;
    };
    return ending === undefined ? undefined : jsonOf(ending.output);
  }
}

describe("a task with a cached output", () => {
  it("is done once for the same input, until its time is over", () => {
    const scene = new Scene();
    scene.start("first", { a: 1 });
    assert.deepEqual(scene.offers, [], "the cache is asked first");
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["first look"]);
    scene.driver.advance(5_000);
    scene.complete("found");
    assert.equal(scene.entryOf("first", "look")?.computeMs, 40, "without the wait for a worker");
    const second = scene.start("second", { a: 1 });
    scene.driver.deliverAll();
    assert.deepEqual([scene.offers, scene.outputOf("second")], [[], "found"]);
    const task = scene.driver.query(second, showTask, { taskId: "look" });
    assert.ok(!isRefusal(task) && task.fromCache);
    scene.start("other", { a: 2 });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["other look"]);
    scene.complete("else");
    scene.driver.advance(60_000);
    const late = scene.start("late", { a: 1 });
    scene.driver.execute(late, pauseRun, { reason: "" });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, [], "held");
    const { CACHE_MISS_REASON_ABSENT: absent, CACHE_MISS_REASON_EXPIRED: expired } = CacheMissReason;
    assert.deepEqual(scene.missOf("late", "look"), [expired, "first"]);
    scene.driver.execute(late, resumeRun, { reason: "", taskIds: [] });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["late look"]);
    scene.driver.checkReplay();
    assert.deepEqual(
      ["first", "second", "other", "late"].map((id) => scene.missOf(id, "look")),
      [[absent, ""], [], [absent, ""], [expired, "first"]],
    );
  });

  it("has it in the step that starts it, if its entry is in memory of the same process", () => {
    const scene = new Scene(true);
    scene.start("first", { a: 1 });
    scene.driver.deliverAll();
    scene.complete({ found: 1 });
    const twice = text.replace(
      "output:",
      '  again: {uses: test.look, with: "${{ input }}", cache: 1m, needs: [look]}\noutput:',
    );
    const second = scene.start("second", { a: 1 }, twice);
    assert.deepEqual([scene.offers, scene.outputOf("second")], [[], { found: 1 }]);
    assert.deepEqual(scene.driver.messages, [], "nothing is asked");
    const task = scene.driver.query(second, showTask, { taskId: "again" });
    assert.ok(!isRefusal(task) && task.fromCache && task.cacheEntry !== "");
    scene.driver.checkReplay();
  });

  it("counts a use of an entry in memory, at most once a minute", () => {
    const scene = new Scene(true);
    const long = text.replace("1m", "1h");
    scene.start("first", { a: 1 }, long);
    scene.driver.deliverAll();
    scene.complete("found");
    scene.driver.advance(60_000);
    for (const id of ["second", "third"]) {
      scene.start(id, { a: 1 }, long);
      assert.equal(scene.outputOf(id), "found");
      scene.driver.deliverAll();
    }
    assert.equal(scene.entryOf("first", "look")?.uses, 1);
  });

  it("asks an entry in memory that has no fresh output, a failure, or outputs to compare", () => {
    const scene = new Scene(true);
    scene.start("first", { a: 1 });
    scene.driver.deliverAll();
    scene.complete("found");
    scene.driver.execute({ ...runKey, kind: "cache", id: scene.keyOf("first", "look") }, forgetOutput, {
      evictStoreMs: 0,
      unreadable: false,
    });
    scene.start("second", { a: 1 });
    assert.equal(scene.driver.messages.length, 1);
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["second look"]);
    scene.complete("new");
    scene.start("compared", { a: 1 }, text.replace("cache: 1m", "cache: auto"));
    assert.equal(scene.driver.messages.length, 1);
    scene.driver.advance(60_000);
    scene.start("late", { a: 1 });
    assert.equal(scene.outputOf("late"), undefined);
  });

  it("runs without the cache if the cache does not reply in time, and ignores a late reply", () => {
    const scene = new Scene();
    scene.start("alone", 1);
    scene.driver.advance(5_000);
    assert.deepEqual(scene.offers, ["alone look"]);
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["alone look"]);
    assert.deepEqual(scene.missOf("alone", "look"), [CacheMissReason.CACHE_MISS_REASON_NO_REPLY, ""]);
  });

  it("waits with its run while that is paused", () => {
    const scene = new Scene();
    const key = scene.start("held", 1);
    scene.driver.execute(key, pauseRun, { reason: "" });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, []);
    scene.driver.execute(key, resumeRun, { reason: "", taskIds: [] });
    assert.deepEqual(scene.offers, ["held look"]);
  });

  it("is not completed by an answer from before a reset, which may be to another question", () => {
    const scene = new Scene();
    scene.start("first", { a: 1 });
    scene.driver.deliverAll();
    scene.complete("found");
    const signalWorkflow = `
workflow: told
tasks:
  told: {wait: {signal: go}}
  look: {uses: test.look, with: "\${{ tasks.told.output }}", cache: 1m}
output: "\${{ tasks.look.output }}"
`;
    const key = scene.start("second", null, signalWorkflow);
    const before = scene.driver.query(key, showSnapshot, undefined);
    assert.ok(!isRefusal(before));
    const sendSignal = (value: unknown) => {
      const payload = { body: { $case: "inline" as const, value: jsonBytes(value) }, mediaType: "" };
      scene.driver.execute(key, signalRun, { signal: "go", payload });
    };
    sendSignal({ a: 1 });
    const body = ResetRun.fromPartial({ toEvent: 1, snapshot: before.bytes, reason: "" });
    scene.driver.execute(key, resetRun, body);
    sendSignal({ a: 2 });
    scene.driver.deliverAll();
    assert.deepEqual([scene.offers, scene.outputOf("second")], [["second look"], undefined]);
    scene.complete("else");
    assert.equal(scene.outputOf("second"), "else");
  });

  it("waits again for the run that computes its output, after a reset to that wait", () => {
    const scene = new Scene();
    scene.start("first", { a: 1 });
    scene.driver.deliverAll();
    const key = scene.start("second", { a: 1 });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["first look"], "the second one waits");
    const before = scene.driver.query(key, showSnapshot, undefined);
    assert.ok(!isRefusal(before));
    const body = ResetRun.fromPartial({ toEvent: 3, snapshot: before.bytes, reason: "" });
    scene.driver.execute(key, resetRun, body);
    scene.driver.deliverAll();
    scene.driver.advance(5_000);
    assert.deepEqual(scene.offers, ["first look"], "it waits again");
    scene.complete("found");
    assert.equal(scene.outputOf("second"), "found");
  });

  it("shares its output by the configured key, also for different inputs", () => {
    const scene = new Scene();
    const keyed = text.replace("cache: 1m", 'cache: {key: "k", ttl: 1m}');
    scene.start("one", 1, keyed);
    scene.driver.deliverAll();
    scene.complete("same");
    scene.start("two", 2, keyed);
    scene.driver.deliverAll();
    assert.equal(scene.outputOf("two"), "same");
  });

  it("runs once for many concurrent runs, and all of them receive its output", () => {
    const scene = new Scene();
    const ids = Array.from({ length: 100 }, (_, number) => `run-${number}`);
    for (const id of ids) scene.start(id, { a: 1, b: 2 });
    scene.driver.deliverAll();
    assert.equal(scene.offers.length, 1);
    // Longer than the timeout of the cache.
    for (let step = 0; step < 3; step += 1) {
      scene.driver.advance(30_000);
      scene.driver.deliverAll();
    }
    assert.equal(scene.offers.length, 1);
    scene.complete("found");
    for (let step = 0; step < 3; step += 1) {
      scene.driver.advance(1);
      scene.driver.deliverAll();
    }
    assert.deepEqual([...new Set(ids.map((id) => scene.outputOf(id)))], ["found"]);
    assert.deepEqual(scene.offers, []);
  });

  it("moves to another run when the computing run fails or is terminated", () => {
    const scene = new Scene();
    const keys = ["one", "two", "three", "four"].map((id) => scene.start(id, { a: 1 }));
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["one look"]);
    const [effect] = scene.driver.effects;
    assert.ok(effect !== undefined && keys[1] !== undefined);
    const error = ErrorDetail.fromPartial({ code: "test.broken", retry: RetryClass.RETRY_CLASS_NEVER });
    scene.driver.settle(effect, failTask, { error, agent: "a", used: undefined, runMs: 1 });
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["two look"]);
    scene.driver.execute(keys[1], terminateRun, { reason: "test" });
    for (let step = 0; step < 4 && scene.offers.length === 0; step += 1) {
      scene.driver.advance(30_000);
      scene.driver.deliverAll();
    }
    assert.deepEqual(scene.offers, ["three look"]);
    scene.complete("found");
    assert.deepEqual([scene.outputOf("three"), scene.outputOf("four")], ["found", "found"]);
  });

  it("shares its output between equal inputs, but not between large numbers that only round to the same value", () => {
    const scene = new Scene();
    scene.start("one", { a: 1, b: { d: [1], c: "x" } });
    scene.driver.deliverAll();
    scene.complete("found");
    scene.start("two", { b: { c: "x", d: [1] }, a: 1 });
    scene.driver.deliverAll();
    assert.deepEqual([scene.offers, scene.outputOf("two")], [[], "found"]);
    for (const [id, number] of [
      ["three", "9007199254740992"],
      ["four", "9007199254740993"],
    ] as const) {
      scene.startWith(id, new TextEncoder().encode(`{"a":${number}}`));
      scene.driver.deliverAll();
      assert.deepEqual(scene.offers, [`${id} look`]);
      scene.complete(id);
    }
  });

  it("stores its capability, its tags and the cached outputs that its output was computed from", () => {
    const scene = new Scene();
    const chained = `
workflow: chained
tasks:
  rates: {uses: "test.rates@^1", with: "\${{ input.day }}", cache: {ttl: 1h, tags: [rates, "day:\${{ input.day }}"]}}
  plain: {uses: test.plain, with: "\${{ tasks.rates.output }}"}
  totals: {uses: test.totals, with: "\${{ tasks.plain.output }}", cache: 1h}
output: "\${{ tasks.totals.output }}"
`;
    scene.start("first", { day: 7 }, chained);
    scene.driver.deliverAll();
    for (const output of [1, 2, 3]) {
      scene.complete(output);
      scene.driver.deliverAll();
    }
    const [rates, totals] = ["rates", "totals"].map((task) => scene.entryOf("first", task));
    const known = { capability: "test.rates@^1", tags: ["rates", "day:7"], sources: [], workflow: "" };
    assert.deepEqual(rates?.facts, known, "an inline definition has no workflow");
    assert.deepEqual([rates?.runId, rates?.taskId, rates?.agent], ["first", "rates", "a"]);
    assert.deepEqual(totals?.facts?.sources, [scene.keyOf("first", "rates")]);
  });

  it("shares a failure that lasts, and runs again when the run is retried", () => {
    const scene = new Scene();
    const failing = text.replace("cache: 1m", "cache: {ttl: 1m, failures: 30s}");
    for (const id of ["one", "two"]) scene.start(id, { a: 1 }, failing);
    scene.driver.deliverAll();
    const [effect] = scene.driver.effects;
    assert.ok(effect !== undefined);
    const error = ErrorDetail.fromPartial({ code: "test.unknown", retry: RetryClass.RETRY_CLASS_NEVER });
    scene.driver.settle(effect, failTask, { error, agent: "a", used: undefined, runMs: 1 });
    scene.driver.deliverAll();
    const late = scene.start("three", { a: 1 }, failing);
    scene.driver.deliverAll();
    assert.deepEqual(
      ["one", "two", "three"].map((id) => scene.errorOf(id)),
      ["test.unknown", "test.unknown", "test.unknown"],
    );
    assert.deepEqual(scene.offers, []);
    scene.driver.execute(late, retryRun, RetryRun.fromPartial({ reason: "" }));
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["three look"]);
  });
});

/** Runs with a task that reads the stored output of a cached one. */
class Reading {
  readonly scene = new Scene();
  readonly code = "sdk.data_unreadable";
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  start(id: string) {
    const key = this.scene.start(id, null, this.#text);
    this.scene.driver.deliverAll();
    return key;
  }

  /** Completes a task. Without an output, with one in the blob store. */
  complete(task: string, output?: unknown) {
    const blob = { sha256: new Uint8Array(32), size: 9_000_000 };
    const stored = Payload.fromPartial({
      body: { $case: "blob", value: blob },
      mediaType: "application/json",
    });
    this.#settle(task, completeTask, {
      agent: "a",
      runMs: 40,
      used: undefined,
      output: output === undefined ? new Uint8Array() : jsonBytes(output),
      outputPayload: output === undefined ? stored : undefined,
      questions: [],
    });
  }

  /** Fails a task that cannot read its input. */
  fail(task: string) {
    const error = ErrorDetail.fromPartial({ code: this.code, retry: RetryClass.RETRY_CLASS_NEVER });
    this.#settle(task, failTask, { error, agent: "a", runMs: 40, used: undefined });
  }

  #settle(task: string, command: typeof completeTask | typeof failTask, body: object) {
    const { driver, offers } = this.scene;
    const effect = driver.effects.find(({ effect }) => (effect as OfferTask).taskId === task);
    assert.ok(effect !== undefined, `${task} is offered: ${offers.join()}`);
    driver.settle(effect, command as typeof completeTask, body as never);
    driver.deliverAll();
  }
}

describe("a cached output that a worker cannot read", () => {
  const text = `
workflow: reading
tasks:
  make: {uses: test.make, with: 1, cache: 1h}
  plain: {uses: test.plain, with: 1, cache: 1h}
  read: {uses: test.read, with: "\${{ tasks.make.output }}", needs: [plain]}
output: 1
`;

  it("is forgotten if the run has just computed it, and a retried run computes it again", () => {
    const reading = new Reading(text);
    const { scene, code } = reading;
    for (const id of ["first", "second"]) {
      reading.start(id);
      reading.complete("make");
      if (id === "first") reading.complete("plain", 1);
      reading.fail("read");
      assert.equal(scene.errorOf(id), code);
      assert.equal(scene.entryOf(id, "make")?.present, false);
      assert.equal(scene.entryOf(id, "plain")?.present, true, "its output is not in the blob store");
    }
    scene.driver.execute({ ...runKey, id: "second" }, retryRun, RetryRun.fromPartial({ reason: "" }));
    scene.driver.deliverAll();
    assert.deepEqual(scene.offers, ["second make"]);
    reading.complete("make");
    reading.complete("read", 2);
    assert.equal(scene.outputOf("second"), 1);
  });

  it("is computed again in the same run, once", () => {
    const reading = new Reading(text);
    const { scene, code } = reading;
    reading.start("first");
    reading.complete("make");
    reading.complete("plain", 1);
    reading.complete("read", 2);
    for (const id of ["second", "third"]) {
      reading.start(id);
      assert.deepEqual(scene.offers, [`${id} read`]);
      reading.fail("read");
      assert.deepEqual(scene.offers, [`${id} make`]);
      const producer = id === "second" ? "first" : "second";
      const { CACHE_MISS_REASON_UNREADABLE: unreadable } = CacheMissReason;
      assert.deepEqual(scene.missOf(id, "make"), [unreadable, producer]);
      reading.complete("make");
      if (id === "second") reading.complete("read", 2);
      else reading.fail("read");
    }
    assert.deepEqual([scene.outputOf("second"), scene.errorOf("third")], [1, code]);
  });

  it("fails its reader if a dependent task has completed, or the reader runs at most once", () => {
    const other = text.replace("output: 1", "  also: {uses: test.also, needs: [make]}\noutput: 1");
    const once = text.replace("needs: [plain]", "needs: [plain], retry: {onLost: fail}");
    for (const definition of [other, once]) {
      const reading = new Reading(definition);
      const { scene, code } = reading;
      const isOther = definition === other;
      reading.start("first");
      reading.complete("make");
      reading.complete("plain", 1);
      reading.complete("read", 2);
      if (isOther) reading.complete("also", 3);
      reading.start("second");
      if (isOther) reading.complete("also", 3);
      reading.fail("read");
      assert.equal(scene.errorOf("second"), code);
    }
  });
});
