import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Draws } from "../chance/draws.ts";
import { FindEstimates } from "./finds.ts";
import { QualityEstimates } from "./quality.ts";
import type { Subject } from "./subject.ts";
import { UseEstimates } from "./use.ts";

const subject = (capability: string, agentId = "", rest: Partial<Subject> = {}): Subject => ({
  ...{ capability, agentId, inputBytes: 0, within: ["anything"] },
  ...rest,
});

const assertNear = (value: number | undefined, expected: number, share: number) =>
  assert.ok(Math.abs((value ?? 0) / expected - 1) < share, `${value} instead of ${expected}`);

describe("the consumption of attempts", () => {
  it("is learned with its mean and quantiles, even for fractions of a cent", () => {
    const estimates = new UseEstimates();
    const draws = new Draws(1);
    const amounts = Array.from({ length: 2_000 }, () => 0.0004 * Math.exp(0.5 * draws.normal()));
    for (const money of amounts) estimates.learn(subject("ask"), { money });
    const late = amounts.slice(-800).toSorted((one, other) => one - other);
    const found = estimates.estimate("money", subject("ask"));
    assertNear(found?.median, late[400] ?? 0, 0.1);
    assertNear(found?.high, late[720] ?? 0, 0.15);
    assertNear(found?.mean, 0.0004 * Math.exp(0.125), 0.1);
    assert.equal(estimates.estimate("tokens", subject("ask")), undefined);
  });

  it("of a lying agent does not change the estimates of the others", () => {
    for (const lie of [1e7, 1e300, Number.MAX_VALUE])
      for (const from of [0, 3, 30]) {
        const estimates = new UseEstimates();
        for (let each = 0; each < 100; each++) {
          const isLie = each >= from && each < from + 3;
          estimates.learn(subject("ask", isLie ? "liar" : "honest"), { tokens: isLie ? lie : 1_000 });
        }
        const found = estimates.estimate("tokens", subject("ask", "honest"));
        assertNear(found?.median, 1_000, 0.15);
        assertNear(found?.mean, 1_000, 0.6);
      }
  });

  it("stays within ten times the usual cost while a lying agent reports two of seven amounts", () => {
    const estimates = new UseEstimates();
    for (let each = 0; each < 100; each++) {
      const isLie = each >= 20 && each % 7 < 2;
      estimates.learn(subject("ask", isLie ? "liar" : "honest"), { money: isLie ? 1e6 : 0.01 });
      assert.ok((estimates.estimate("money", subject("ask", "honest"))?.mean ?? 0) < (each < 50 ? 0.1 : 0.2));
    }
  });

  it("of a task that often uses none has a lower mean, and the median zero", () => {
    const estimates = new UseEstimates();
    for (let each = 0; each < 400; each++)
      estimates.learn(subject("cached"), { tokens: each % 4 === 0 ? 1_000 : 0 });
    const found = estimates.estimate("tokens", subject("cached"));
    assertNear(found?.mean, 250, 0.15);
    assert.equal(found?.median, 0);
    assertNear(found?.high, 1_000, 0.1);
  });

  it("a new kind uses the estimate of the wider kind, and an expensive agent stays expensive for other capabilities", () => {
    const estimates = new UseEstimates();
    for (let each = 0; each < 60; each++)
      for (const [agent, factor] of [
        ["cheap", 1],
        ["dear", 3],
      ] as const)
        for (const capability of ["write", "read"])
          if (!(capability === "read" && agent === "dear"))
            estimates.learn(subject(capability, agent), { money: factor * (capability === "read" ? 2 : 10) });
    assert.equal(estimates.estimate("money", subject("new"))?.basis, "anything");
    const money = (agent: string) => estimates.estimate("money", subject("read", agent))?.mean ?? 0;
    assert.ok(money("dear") > 1.5 * money("cheap"), `${money("dear")} beside ${money("cheap")}`);
  });

  it("a price that rises is noticed", () => {
    const estimates = new UseEstimates();
    const draws = new Draws(2);
    const learn = (mean: number) =>
      estimates.learn(subject("ask"), { money: mean * Math.exp(0.2 * draws.normal()) });
    for (let each = 0; each < 200; each++) learn(1);
    assert.equal(estimates.drift("money", "ask"), undefined);
    for (let each = 0; each < 8; each++) learn(3);
    assertNear(estimates.drift("money", "ask")?.factor, 3, 0.5);
  });
});

describe("how good results are", () => {
  it("is drawn to the wider kind while little was seen", () => {
    const qualities = new QualityEstimates();
    for (let each = 0; each < 200; each++) qualities.learn(subject("write", "good"), 1);
    qualities.learn(subject("write", "new"), 0);
    const { mean, confidence } = qualities.estimate(subject("write", "new"));
    assert.ok(mean > 0.75 && mean < 0.95, `${mean}`);
    assert.ok(confidence < 0.2);
    assert.ok(qualities.estimate(subject("other")).mean > 0.9);
  });

  it("distinguishes agents after some results, by the mean and the lowest tenth", () => {
    const qualities = new QualityEstimates();
    const draws = new Draws(3);
    for (let each = 0; each < 100; each++) {
      qualities.learn(subject("write", "good"), 0.95 + 0.05 * draws.next());
      qualities.learn(subject("write", "bad"), draws.next() < 0.5 ? 0.2 : 0.8);
    }
    const good = qualities.estimate(subject("write", "good"));
    const bad = qualities.estimate(subject("write", "bad"));
    assert.ok(good.mean > 0.92 && good.low > 0.7, JSON.stringify(good));
    assert.ok(bad.mean > 0.4 && bad.mean < 0.65 && bad.low < 0.25, JSON.stringify(bad));
  });

  it("that it has become worse is noticed, and chance is not", () => {
    const qualities = new QualityEstimates();
    const draws = new Draws(4);
    const learn = (mean: number) => qualities.learn(subject("write"), mean + 0.1 * (draws.next() - 0.5));
    for (let each = 0; each < 300; each++) learn(0.9);
    assert.equal(qualities.drift("write"), undefined);
    for (let each = 0; each < 15; each++) learn(0.5);
    assert.ok((qualities.drift("write")?.factor ?? 1) < 0.8);
  });
});

describe("the number of tasks that a task finds", () => {
  it("is a mean, zero without data, and forgets old values", () => {
    const finds = new FindEstimates();
    assert.equal(finds.expected("look"), 0);
    for (let each = 0; each < 200; each++) finds.learn("look", each % 4);
    assertNear(finds.expected("look"), 1.5, 0.1);
    for (let each = 0; each < 1_000; each++) finds.learn("look", 0);
    assert.ok(finds.expected("look") < 0.05);
  });
});
