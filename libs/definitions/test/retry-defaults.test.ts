import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retryDefaults, singleAttempt } from "@tutti/kernel";
import { type CheckOptions, checkText } from "../src/index.ts";

function policiesOf(text: string, options: CheckOptions = {}) {
  const { definition, problems } = checkText({ format: "yaml", text, fileName: "a.yaml" }, options);
  const { plan } = definition ?? assert.fail(JSON.stringify(problems));
  assert.ok(plan !== undefined);
  return Object.fromEntries(plan.tasks.map(({ id, policy }) => [id, plan.policies[policy]]));
}

describe("tasks without `retry`", () => {
  it("have five attempts if an agent runs them, and one if a child runs them, because the child retries its own tasks", () => {
    const { a, labelled, f, child, pause } = policiesOf(
      "workflow: w\ntasks: {a: {uses: x}, labelled: {uses: x, labels: {n: m}}, f: {function: x}, child: {workflow: y}, pause: {wait: 1s}}",
    );
    assert.deepEqual(a?.retry, retryDefaults);
    assert.deepEqual(labelled?.retry, retryDefaults);
    assert.deepEqual(f?.retry, retryDefaults);
    assert.deepEqual(child?.retry, singleAttempt);
    assert.deepEqual(pause?.retry, singleAttempt);
    const { maxAttempts, initialMs, maxMs, factor, jitter } = retryDefaults;
    assert.deepEqual([maxAttempts, initialMs, maxMs, factor, jitter], [5, 1_000, 60_000, 2, 0.2]);
  });

  it("use the retry of the definition, else of the namespace, and a task overrides single fields", () => {
    const text =
      "workflow: w\ndefaults: {retry: {attempts: 7}}\ntasks: {a: {uses: x}, b: {uses: x, retry: {backoff: 2s..9s}}, c: {uses: x, retry: 1}}";
    const options = { retry: { namespace: { maxAttempts: 3, jitter: 0 }, pools: {} } };
    const { a, b, c } = policiesOf(text, options);
    assert.deepEqual(a?.retry, { ...retryDefaults, maxAttempts: 7, jitter: 0 });
    assert.deepEqual(b?.retry, {
      ...retryDefaults,
      maxAttempts: 7,
      jitter: 0,
      initialMs: 2_000,
      maxMs: 9_000,
    });
    assert.equal(c?.retry.maxAttempts, 1);
    const { a: other } = policiesOf("workflow: w\ntasks: {a: {uses: x}}", options);
    assert.deepEqual(other?.retry, { ...retryDefaults, maxAttempts: 3, jitter: 0 });
  });

  it("use the retry of their pool before the retry of the namespace", () => {
    const pools = { gpu: { maxAttempts: 9 }, default: { factor: 3 } };
    const options = { retry: { namespace: { maxAttempts: 3, jitter: 0 }, pools } };
    const { a, b } = policiesOf(
      "workflow: w\ntasks: {a: {uses: x}, b: {uses: x, placement: {pool: gpu}}}",
      options,
    );
    assert.deepEqual(a?.retry, { ...retryDefaults, maxAttempts: 3, jitter: 0, factor: 3 });
    assert.deepEqual(b?.retry, { ...retryDefaults, maxAttempts: 9, jitter: 0 });
    const whole = "workflow: w\npool: gpu\ndefaults: {retry: {jitter: 1}}\ntasks: {a: {uses: x}}";
    const { a: ofRun } = policiesOf(whole, options);
    assert.deepEqual(ofRun?.retry, { ...retryDefaults, maxAttempts: 9, jitter: 1 });
  });

  it("compensate with the same attempts", () => {
    const { a } = policiesOf("workflow: w\ntasks: {a: {uses: x, compensate: {uses: y}}}");
    assert.deepEqual(a?.compensate?.retry, retryDefaults);
  });
});

it("`max` of `retry` is unknown", () => {
  const text = "workflow: w\ntasks: {a: {uses: x, retry: {max: 3}}}";
  const { problems } = checkText({ format: "yaml", text, fileName: "a.yaml" });
  assert.match(problems[0]?.message ?? "", /unknown key "max"/);
});
