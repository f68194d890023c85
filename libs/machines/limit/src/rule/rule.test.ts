import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LimitRule } from "@tutti/contracts/workflow/v1";
import { idOfKey } from "@tutti/kernel";
import { acquire, limit, places, removeLimit, setLimit, usage } from "../index.ts";
import { acquireAll, acquireBody, codeOf, holding, limited, newDriver, releaseAs } from "../limit.fixture.ts";
import { limitSnapshots } from "../snapshots.ts";
import { limitKey } from "../testing/index.ts";

const set = (maxConcurrent: number, rate?: { count: number; perMs: number; burst?: number }) => ({
  rule: LimitRule.fromPartial(rate === undefined ? { maxConcurrent } : { maxConcurrent, rate }),
  description: "",
  labels: {},
  revision: 0,
});

describe("a limit on how many start per time", () => {
  it("lets a burst start at once, and then the others at its rate", () => {
    const driver = limited(0, { count: 2, perMs: 1_000, burst: 3 });
    assert.deepEqual(acquireAll(driver, "a", "b", "c", "d", "e"), ["a", "b", "c"]);
    driver.advance(499);
    assert.equal(holding(driver).length, 3);
    driver.advance(1);
    assert.deepEqual(holding(driver).at(-1), "d");
    driver.advance(500);
    assert.deepEqual(holding(driver).at(-1), "e");
  });

  it("saves up no more than a burst", () => {
    const driver = limited(0, { count: 1, perMs: 100, burst: 2 });
    driver.advance(3_600_000);
    assert.deepEqual(acquireAll(driver, "a", "b", "c"), ["a", "b"]);
  });

  it("charges a weight above the burst as one whole burst", () => {
    const driver = limited(0, { count: 1, perMs: 100, burst: 2 });
    driver.execute(limitKey, acquire, acquireBody("a"));
    driver.execute(limitKey, acquire, acquireBody("heavy", { weight: 50 }));
    assert.deepEqual(holding(driver), ["a"]);
    driver.advance(100);
    assert.deepEqual(holding(driver), ["a", "heavy"]);
  });

  it("keeps the used amount when the rate changes", () => {
    const driver = limited(0, { count: 1, perMs: 1_000 });
    acquireAll(driver, "a", "b");
    driver.advance(500);
    driver.execute(limitKey, setLimit, set(0, { count: 1, perMs: 100 }));
    driver.advance(49);
    assert.deepEqual(holding(driver), ["a"]);
    driver.advance(1);
    assert.deepEqual(holding(driver), ["a", "b"]);
  });
});

describe("a limit whose key is not an id", () => {
  const name = "their api";
  const key = { ...limitKey, id: idOfKey(name) };
  const rule = LimitRule.fromPartial({ maxConcurrent: 1 });

  it("learns its key from a holder, also if it has the rule from before", () => {
    const driver = newDriver();
    driver.execute(key, acquire, acquireBody("a", { rule }));
    assert.equal(driver.state(key, limit).name, undefined);
    driver.execute(key, acquire, acquireBody("b", { rule, name }));
    assert.equal(driver.state(key, limit).name, name);
  });

  it("learns its key when it is set, and keeps it in snapshots", () => {
    const driver = newDriver();
    driver.execute(key, setLimit, { ...set(1), name });
    const { encode, decode, version } = limitSnapshots;
    assert.equal(decode(encode(driver.state(key, limit)), version).name, name);
  });

  it("refuses a key of another limit", () => {
    const driver = newDriver();
    assert.equal(codeOf(driver.execute(key, setLimit, { ...set(1), name: "other" })), "limit.rule_invalid");
  });
});

describe("a change of a limit", () => {
  it("to a larger value starts waiting holders at once", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b", "c");
    assert.deepEqual(driver.execute(limitKey, setLimit, set(2)), { revision: 2 });
    assert.deepEqual(holding(driver), ["a", "b"]);
  });

  it("to a smaller value revokes nothing, and starts none until it fits", () => {
    const driver = limited(3);
    acquireAll(driver, "a", "b", "c", "d");
    driver.execute(limitKey, setLimit, set(1));
    for (const id of ["a", "b"]) releaseAs(driver, id);
    assert.deepEqual(holding(driver), ["c"]);
    releaseAs(driver, "c");
    assert.deepEqual(holding(driver), ["d"]);
  });

  it("to no value starts all waiting holders, and the rules of holders apply again", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b", "c");
    assert.deepEqual(driver.execute(limitKey, removeLimit, {}), { removed: true });
    assert.deepEqual(driver.execute(limitKey, removeLimit, {}), { removed: false });
    assert.equal(holding(driver).length, 3);
    driver.execute(limitKey, acquire, acquireBody("d", { rule: { maxConcurrent: 2, rate: undefined } }));
    assert.equal(holding(driver).length, 3);
  });

  it("with an outdated revision is refused, unless the values are the same", () => {
    const driver = limited(1);
    driver.execute(limitKey, setLimit, set(2));
    assert.deepEqual(driver.execute(limitKey, setLimit, { ...set(2), revision: 1 }), { revision: 2 });
    assert.equal(codeOf(driver.execute(limitKey, setLimit, { ...set(3), revision: 1 })), "limit.moved");
  });

  for (const [title, body] of [
    ["a negative number", set(-1)],
    ["half of one", set(0.5)],
    ["no number", set(Number.NaN)],
    ["nothing per time", set(0, { count: 0, perMs: 100 })],
    ["some per no time", set(0, { count: 1, perMs: 0 })],
    ["a negative burst", set(0, { count: 1, perMs: 1, burst: -1 })],
    ["one in ten thousand years", set(0, { count: 1, perMs: 3e14 })],
    ["a book for a description", { ...set(1), description: "x".repeat(5_000) }],
  ] as const)
    it(`to ${title} is refused`, () => {
      assert.equal(codeOf(newDriver().execute(limitKey, setLimit, body)), "limit.rule_invalid");
    });
});

describe("the usage of a limit", () => {
  it("shows its counts, and its holders and waiting holders in the order of their grants", () => {
    const driver = limited(1);
    acquireAll(driver, "a", "b");
    driver.advance(250);
    driver.execute(limitKey, acquire, acquireBody("urgent", { priority: 1 }));
    assert.deepEqual(driver.description(limitKey).labels, { set: "yes", held: "1", waiting: "2" });
    const used = driver.query(limitKey, usage, undefined);
    assert.ok("rule" in used);
    assert.deepEqual(
      [used.holdCount, used.waitingCount, used.longestWaitMs, used.grantedCount],
      [1, 2, 250, 1],
    );
    const listed = driver.query(limitKey, places, { offset: 0, size: 10 });
    assert.ok(Array.isArray(listed));
    assert.deepEqual(
      listed.map(({ holder, place }) => [holder.id, place]),
      [
        ["a", 0],
        ["urgent", 1],
        ["b", 2],
      ],
    );
    assert.deepEqual(driver.query(limitKey, places, { offset: 1, size: 1 }), [listed[1]]);
    assert.deepEqual(driver.query(limitKey, places, { offset: 0, size: 1 }), [listed[0]]);
  });

  it("is missing after a removal, once holders have released the limit", () => {
    const driver = limited(1);
    acquireAll(driver, "a");
    assert.deepEqual(driver.execute(limitKey, removeLimit, {}), { removed: true });
    const held = driver.query(limitKey, usage, undefined);
    assert.ok("rule" in held);
    assert.deepEqual([held.rule, held.isSet, held.holdCount], [undefined, false, 1]);
    releaseAs(driver, "a");
    assert.equal(codeOf(driver.query(limitKey, usage, undefined)), "limit.missing");
  });

  it("is missing if the limit was never set or requested", () => {
    assert.equal(codeOf(newDriver().query(limitKey, usage, undefined)), "limit.missing");
  });
});
