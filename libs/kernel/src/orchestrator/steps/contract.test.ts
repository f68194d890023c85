import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { testFoundation } from "../../testing/index.ts";
import { Orchestrator } from "../orchestrator.ts";
import { defineStep, type Step } from "./step.ts";
import { StepRegistry } from "./step-registry.ts";

const order = z.object({ cents: z.number().min(1) });
const receipt = z.object({ text: z.string() });
type Order = z.infer<typeof order>;
type Receipt = z.infer<typeof receipt>;

const stamp = defineStep<Order, Promise<Receipt>>({
  ...{ name: "stamp", scope: "service", input: order, output: receipt },
  around: (input, next) => next(input),
});
const check = defineStep<Order, Promise<Receipt>>({
  name: "check",
  scope: "service",
  input: order,
  run() {},
});

function observed(steps: readonly Step<Order, Promise<Receipt>>[], last: (order: Order) => unknown) {
  const registry = new StepRegistry<Order, Promise<Receipt>>("orders");
  for (const step of steps) registry.register(step);
  const shop = new Orchestrator("shop", testFoundation());
  return shop.compose(registry, last as (order: Order) => Promise<Receipt>);
}

function plain(steps: readonly Step<Order, Promise<Receipt>>[], last: (order: Order) => unknown) {
  const registry = new StepRegistry<Order, Promise<Receipt>>("orders");
  for (const step of steps) registry.register(step);
  return registry.compose(last as (order: Order) => Promise<Receipt>);
}

describe("contracts of steps", () => {
  for (const [name, compose] of Object.entries({ plain, observed })) {
    it(`accept values that satisfy them (${name})`, async () => {
      const handle = compose([check, stamp], async ({ cents }) => ({ text: `${cents}` }));
      assert.deepEqual(await handle({ cents: 5 }), { text: "5" });
    });

    it(`refuse an invalid input before the step runs, even from an earlier step (${name})`, async () => {
      const spoil = defineStep<Order, Promise<Receipt>>({
        ...{ name: "spoil", scope: "service" },
        around: (_input, next) => next({ cents: 0 }),
      });
      for (const step of [stamp, check])
        await assert.rejects(async () => compose([spoil, step], () => assert.fail("ran"))({ cents: 5 }), {
          code: "lifecycle.step_contract",
          message: new RegExp(`The input of step \`${step.name}\` of pipeline \`orders\` .*cents: Too small`),
        });
    });

    it(`refuse an output that breaks them, at once or later (${name})`, async () => {
      for (const last of [async () => ({ text: 5 }), () => ({ text: 5 })])
        await assert.rejects(async () => compose([stamp], last)({ cents: 5 }), {
          code: "lifecycle.step_contract",
          message: /The output of step `stamp` of pipeline `orders` breaks its contract: text: /,
        });
    });
  }

  it("add no cost to a step without a contract, which is composed unchanged", () => {
    const step: Step<number, number> = { name: "note", scope: "core", run() {} };
    assert.equal(new StepRegistry<number, number>("sums").register(step).seal()[0], step);
  });
});

describe("the registration of a step", () => {
  const wrong: readonly [string, unknown, RegExp][] = [
    ["nothing", undefined, /expected an object/],
    ["no name", { name: "", scope: "core", run() {} }, /`name`/],
    ["an unknown scope", { name: "a", scope: "mine", run() {} }, /`scope`: .* got mine/],
    ["neither function", { name: "a", scope: "core" }, /exactly one function/],
    ["both functions", { name: "a", scope: "core", run() {}, around() {} }, /exactly one function/],
    ["no list of dependencies", { name: "a", scope: "core", run() {}, dependsOn: "b" }, /`dependsOn`/],
    [
      "a contract that is none",
      { name: "a", scope: "core", run() {}, input: {} },
      /`input`: expected a schema/,
    ],
    ["an output of `run`", { name: "a", scope: "core", run() {}, output: receipt }, /`output`/],
  ];
  for (const [title, step, message] of wrong)
    it(`is refused with ${title}`, () => {
      const registry = new StepRegistry<number, number>("sums");
      registry.register({ name: "known", scope: "core", run() {} });
      const candidate = step as Step<number, number>;
      const refused = { code: "lifecycle.step_invalid", message };
      assert.throws(() => registry.register(candidate), refused);
      assert.throws(() => registry.replace("known", candidate), refused);
      assert.throws(() => registry.insertBefore("known", candidate), refused);
      assert.throws(() => registry.insertAfter("known", candidate), refused);
      assert.deepEqual(
        registry.describe().map(({ name }) => name),
        ["known"],
      );
    });
});
