import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { ResetRun, RunOrder } from "@tutti/contracts/workflow/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import { limit } from "@tutti/machine-limit";
import { object, objectFacts } from "@tutti/machine-object";
import { objectIdOf, parsed } from "@tutti/machine-work";
import type { OfferTask } from "../../core/state/effects.ts";
import { statusOf } from "../../core/state/state.ts";
import { runMachine } from "../../machine.ts";
import { jsonBytes, KnownDefinitions } from "../../testing/index.ts";
import { beginRun, cancelRun } from "../control/commands.ts";
import { explain } from "../queries/explain.ts";
import { resetRun, retryRun } from "../repair/commands.ts";
import { completeTask } from "../results/attempts.ts";

const text = `workflow: cart
object:
  key: "\${{ input.key }}"
  call: "\${{ input.call }}"
  reader: input.call == 'show'
tasks: {cart: {function: cart, with: "\${{ input }}", retry: {attempts: 1}}}
output: "\${{ tasks.cart.output }}"
`;

const { WORK_STATUS_PENDING: pending, WORK_STATUS_RUNNING: running } = WorkStatus;
const { WORK_STATUS_COMPLETED: completed, WORK_STATUS_FAILED: failed } = WorkStatus;

type Members = Record<string, unknown>;

class Scene {
  readonly definitions = new KnownDefinitions();
  readonly machine = runMachine({ plans: this.definitions });
  readonly driver = new MachineDriver({
    machines: [this.machine, limit, object],
    ...{ service: "workflow", seed: 1 },
  });
  readonly #hash = this.definitions.add(text);

  call(id: string, call = "add", key: unknown = "seven"): void {
    const order = RunOrder.fromPartial({ hash: this.#hash, input: jsonBytes({ key, call, input: 1 }) });
    this.driver.execute(keyOf(id), beginRun, { order });
    this.driver.deliverAll();
  }

  statuses(...ids: readonly string[]): WorkStatus[] {
    return ids.map((id) => statusOf(this.driver.state(keyOf(id), this.machine)));
  }

  turn(id: string): {
    readonly journal: readonly Members[];
    readonly from: number;
    readonly object: Members;
  } {
    return parsed((this.#offer(id).effect as OfferTask).input) as never;
  }

  report(id: string, steps: readonly Members[], more: Members = {}): void {
    const { from, journal } = this.turn(id);
    const output = { function: 1, known: from + journal.length, steps, ...more };
    const body = { outputPayload: undefined, agent: "a", runMs: 1, used: undefined, questions: [] };
    this.driver.settle(this.#offer(id), completeTask, { output: jsonBytes(output), ...body });
    this.driver.deliverAll();
  }

  cancel(id: string): void {
    this.driver.execute(keyOf(id), cancelRun, { reason: "", noCompensate: false });
    this.driver.deliverAll();
  }

  facts(id = objectIdOf("cart", "seven")) {
    const found = this.driver.query({ namespace: "default", kind: "object", id }, objectFacts, undefined);
    assert.ok("state" in found);
    return { ...found, state: JSON.parse(new TextDecoder().decode(found.state)) as unknown };
  }

  #offer(id: string) {
    const offer = this.driver.effects.find(
      ({ key, effect }) => key.id === id && (effect as OfferTask).kind === "offer_task",
    );
    assert.ok(offer !== undefined, `${id} is offered`);
    return offer;
  }
}

const keyOf = (id: string) => ({ namespace: "default", kind: "run", id });
const set = (name: string, value: unknown) => ({ set: name, at: "cart.ts:3", atMs: 1, value });
const end = (output: unknown) => ({ end: { output } });

describe("calls of a keyed object", () => {
  it("of one key run one after another, and each sees the values that the previous call set", () => {
    const scene = new Scene();
    scene.call("one");
    scene.call("two");
    scene.call("other", "add", 8);
    assert.deepEqual(scene.statuses("one", "two", "other"), [running, pending, running]);
    assert.deepEqual(scene.turn("one").object, { state: {} });
    scene.report("one", [set("items", [1])], end(1));
    assert.deepEqual(scene.statuses("one", "two"), [completed, running]);
    assert.deepEqual(scene.turn("two").object, { state: { items: [1] } });
    scene.report("two", [set("items", [1, 2])], end(2));
    assert.deepEqual(scene.facts().state, { items: [1, 2] });
    assert.equal(scene.facts().current, undefined);
  });

  it("commit a value with the step that sets it, and readers see it at once", () => {
    const scene = new Scene();
    scene.call("one");
    scene.report("one", [set("items", [1]), { task: "pause", at: "", spec: { wait: "1h" } }]);
    scene.call("reader", "show");
    assert.deepEqual(scene.statuses("one", "reader"), [running, running]);
    assert.deepEqual(scene.turn("reader").object, { state: { items: [1] }, reader: true });
    scene.report("reader", [set("items", [])], end([1]));
    assert.deepEqual(scene.facts().state, { items: [1] }, "a reader sets nothing");
    scene.driver.advance(3_600_000);
    assert.deepEqual(scene.turn("one").object, { state: {} }, "a replay starts where the call started");
  });

  it("that fail keep the values that they set, and let the next call start", () => {
    const scene = new Scene();
    scene.call("one");
    scene.call("two");
    scene.report("one", [set("n", 1)], { end: { error: { code: "shop.sold_out", message: "none left" } } });
    assert.deepEqual(scene.statuses("one", "two"), [failed, running]);
    assert.deepEqual(scene.turn("two").object, { state: { n: 1 } });
    assert.deepEqual(
      scene.facts().recent.map(({ status }) => status),
      [failed],
    );
  });

  it("that are cancelled while they wait leave the queue", () => {
    const scene = new Scene();
    for (const id of ["one", "two", "three"]) scene.call(id);
    const explanation = scene.driver.query(keyOf("two"), explain, { taskId: "" });
    assert.match(JSON.stringify(explanation), /it waits for the object cart seven/);
    scene.cancel("two");
    scene.cancel("one");
    assert.deepEqual(scene.statuses("three"), [running]);
    assert.equal(scene.facts().waitingCount, 0);
  });

  it("that are retried wait again, and start from the values of now", () => {
    const scene = new Scene();
    scene.call("one");
    scene.report("one", [set("n", 1)], { end: { error: { code: "shop.sold_out", message: "none left" } } });
    scene.call("two");
    scene.driver.execute(keyOf("one"), retryRun, { taskIds: [], reason: "", inputs: [] });
    scene.driver.deliverAll();
    assert.deepEqual(scene.statuses("one", "two"), [pending, running]);
    scene.report("two", [set("n", 2)], end(0));
    assert.deepEqual(scene.statuses("one"), [running]);
    const { object, journal } = scene.turn("one");
    assert.deepEqual([object, journal], [{ state: { n: 2 } }, []]);
  });

  it("keep the object across a reset and a snapshot while they run", () => {
    const scene = new Scene();
    scene.call("one");
    scene.call("two");
    const snapshot = scene.machine.snapshots.encode(scene.driver.state(keyOf("one"), scene.machine));
    scene.driver.execute(keyOf("one"), resetRun, ResetRun.fromPartial({ toEvent: 1, snapshot }));
    scene.driver.deliverAll();
    assert.deepEqual(scene.statuses("one", "two"), [running, pending]);
    assert.deepEqual(scene.turn("one").object, { state: {} });
    scene.report("one", [set("n", 1)], end(1));
    assert.deepEqual(scene.facts().state, { n: 1 });
    scene.driver.checkReplay();
  });

  it("fail when the values become too large, and the object keeps its previous values", () => {
    const scene = new Scene();
    scene.call("one");
    scene.report("one", [set("n", 1), { task: "pause", at: "", spec: { wait: "1h" } }]);
    scene.driver.advance(3_600_000);
    scene.report("one", [set("text", "x".repeat(600_000))], end(1));
    assert.deepEqual(scene.statuses("one"), [failed]);
    assert.deepEqual(scene.facts().state, { n: 1 });
  });

  it("have keys of any text", () => {
    const scene = new Scene();
    scene.call("one", "add", "ann@example.org / 7");
    assert.equal(scene.facts(objectIdOf("cart", "ann@example.org / 7")).key, "ann@example.org / 7");
    const ids = ["a b", "a  b", "key.x", "a..b", "a"].map((key) => objectIdOf("cart", key));
    assert.equal(new Set([...ids, objectIdOf("cart..a", "b")]).size, 6);
    assert.equal(objectIdOf("cart", "a"), "cart..a");
  });
});
