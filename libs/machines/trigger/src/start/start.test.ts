import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ActivationResult, Singleton } from "@tutti/contracts/workflow/v1";
import { create, pause, remove, reportRunEnd, resume } from "../index.ts";
import { codeOf, driven, factsOf, item, key, plan, post, settleAll, toStart } from "../trigger.fixture.ts";

describe("runs of events", () => {
  it("an event starts one run, whose id follows from its key", () => {
    const driver = driven();
    post(driver, item(1), item(2));
    assert.deepEqual(toStart(driver), ["orders-d1", "orders-d2"]);
    assert.equal(driver.effects.length, 1, "all of a command are one effect");
  });

  it("a duplicate event starts one run, in one command and while its run is being started", () => {
    const driver = driven();
    assert.deepEqual(post(driver, item(1), item(1)), { duplicates: [1] });
    assert.deepEqual(post(driver, item(1)), { duplicates: [0] });
    assert.deepEqual(toStart(driver), ["orders-d1"]);
  });

  it("a late duplicate requests the same run, and is counted when that run is found", () => {
    const driver = driven();
    post(driver, item(1));
    settleAll(driver);
    post(driver, item(1));
    assert.deepEqual(toStart(driver), ["orders-d1"]);
    settleAll(driver, ActivationResult.ACTIVATION_RESULT_DUPLICATE);
    const { counts } = factsOf(driver);
    assert.deepEqual([counts.received, counts.started, counts.duplicates], [2, 1, 1]);
  });

  it("a key starts one run within its window, and another one after it", () => {
    const driver = driven(plan({ windowMs: 10_000 }));
    post(driver, item(1, { keyDigest: "k" }));
    settleAll(driver);
    driver.advance(9_999);
    assert.deepEqual(post(driver, item(2, { keyDigest: "k" })), { duplicates: [0] });
    driver.advance(2);
    assert.deepEqual(post(driver, item(3, { keyDigest: "k" })), { duplicates: [] });
    assert.deepEqual(toStart(driver), ["orders-d3"]);
  });

  it("an event that cannot be started is a dead letter, and starts when it is posted again", () => {
    const driver = driven(plan({ windowMs: 10_000 }));
    post(driver, item(1));
    settleAll(driver, ActivationResult.ACTIVATION_RESULT_DEAD);
    assert.equal(factsOf(driver).deadCount, 1);
    post(driver, item(1));
    assert.deepEqual(toStart(driver), ["orders-d1"]);
  });

  it("a deleted trigger can be created again, and a repeated event still starts the same run", () => {
    const driver = driven(plan({ windowMs: 10_000 }));
    post(driver, item(1), item(2, { code: "trigger.expression_failed" }));
    assert.deepEqual(driver.execute(key, remove, {}), { removed: true });
    assert.equal(codeOf(post(driver, item(3))), "trigger.missing");
    assert.deepEqual(driver.execute(key, create, { plan: plan(), paused: false, note: "" }), {
      existed: false,
    });
    assert.deepEqual(driver.execute(key, create, { plan: plan(), paused: false, note: "" }), {
      existed: true,
    });
    const { counts, deadCount, recent, revision } = factsOf(driver);
    assert.deepEqual([counts.received, deadCount, recent, revision], [0, 0, [], 2]);
    post(driver, item(1));
    assert.deepEqual(toStart(driver), ["orders-d1"]);
    settleAll(driver);
    assert.equal(factsOf(driver).counts.started, 1);
  });

  it("a paused trigger skips events, and starts waiting ones when it is resumed", () => {
    const driver = driven(plan({}, { throttleCount: 1, throttlePerMs: 1_000 }));
    post(driver, item(1), item(2));
    settleAll(driver);
    driver.execute(key, pause, { note: "" });
    driver.advance(5_000);
    post(driver, item(3));
    assert.deepEqual(toStart(driver), []);
    driver.execute(key, resume, { note: "" });
    assert.deepEqual(toStart(driver), ["orders-d2"]);
  });

  it("a throttle limits the starts in its period, and starts the others later in order", () => {
    const driver = driven(plan({}, { throttleCount: 2, throttlePerMs: 10_000 }));
    post(driver, item(1), item(2), item(3), item(4));
    assert.deepEqual(toStart(driver), ["orders-d1", "orders-d2"]);
    settleAll(driver);
    driver.advance(4_999);
    assert.deepEqual(toStart(driver), []);
    driver.advance(2);
    assert.deepEqual(toStart(driver), ["orders-d3"]);
    driver.advance(5_000);
    assert.deepEqual(toStart(driver), ["orders-d3", "orders-d4"]);
  });

  it("a queueing singleton starts the next run of a group when the previous one has ended", () => {
    const driver = driven(plan({}, { singleton: Singleton.SINGLETON_QUEUE }));
    post(driver, item(1, { group: "a" }), item(2, { group: "a" }), item(3, { group: "b" }));
    assert.deepEqual(toStart(driver), ["orders-d1", "orders-d3"]);
    settleAll(driver);
    assert.deepEqual(toStart(driver), []);
    driver.execute(key, reportRunEnd, { runId: "orders-d1", status: 5, message: "" });
    assert.deepEqual(toStart(driver), ["orders-d2"]);
  });

  it("a skipping singleton skips events while a run of the group has not ended", () => {
    const driver = driven(plan({}, { singleton: Singleton.SINGLETON_SKIP }));
    post(driver, item(1), item(2));
    settleAll(driver);
    post(driver, item(3));
    assert.equal(factsOf(driver).counts.skipped, 2);
    driver.execute(key, reportRunEnd, { runId: "orders-d1", status: 5, message: "" });
    post(driver, item(4));
    assert.deepEqual(toStart(driver), ["orders-d4"]);
  });
});
