import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { type Case, causesOf, explain, normalised } from "./causes.ts";

const startMs = Date.UTC(2026, 0, 5);

interface Shape {
  readonly count?: number;
  readonly rate?: number;
  readonly culprit?: { attribute: string; value: string; rate: number };
  readonly sinceMs?: number;
}

function cases(seed: number, { count = 400, rate = 0.03, culprit, sinceMs = 0 }: Shape = {}): Case[] {
  const chance = seededChance(seed);
  const pick = (list: readonly string[]) => list[Math.floor(chance.random() * list.length)] ?? "";
  return Array.from({ length: count }, (_, index): Case => {
    const timeMs = startMs + index * 30_000;
    const agent = pick(["a1", "a2", "a3", "a4", "a5"]);
    const attributes = {
      ...{ agent, host: `host-${agent}`, version: pick(["v1", "v2"]), pool: "default" },
      ...{ "label team": pick(["red", "blue", "green"]), "label region": pick(["eu", "us"]) },
    };
    const isCulprit =
      culprit !== undefined &&
      (attributes as Record<string, string>)[culprit.attribute] === culprit.value &&
      timeMs >= startMs + sinceMs;
    const isBad = chance.random() < (isCulprit ? culprit.rate : rate);
    return {
      ...{ id: `run-${index}`, timeMs, isBad, attributes },
      errorCode: isBad ? "shop.failed" : "",
      errorMessage: isBad ? `order 17-${index} of customer "c${index}" failed after ${index} ms` : "",
    };
  });
}

describe("causes of failures", () => {
  it("are found where they were injected, and not among random failures", () => {
    const culprits = [
      { attribute: "agent", value: "a3", rate: 0.7 },
      { attribute: "version", value: "v2", rate: 0.4 },
      { attribute: "label team", value: "red", rate: 0.5 },
      { attribute: "label region", value: "us", rate: 0.3 },
    ];
    const quiet = Array.from({ length: 500 }, (_, seed) => causesOf(cases(seed, { rate: 0.1 })));
    const false_ = quiet.filter(({ length }) => length > 0).length;
    const planted = Array.from({ length: 50 }, (_, seed) => {
      const culprit = culprits[seed % culprits.length] as (typeof culprits)[number];
      return { culprit, all: cases(1_000 + seed, { culprit }) };
    });
    const isNamed = (all: readonly Case[], { attribute, value }: (typeof culprits)[number]) => {
      const [first] = causesOf(all);
      const names =
        first === undefined
          ? []
          : [first, ...first.also].map(({ attribute, value }) => `${attribute} ${value}`);
      return names.includes(`${attribute} ${value}`);
    };
    const right = planted.filter(({ culprit, all }) => isNamed(all, culprit)).length;
    assert.ok(right >= 0.9 * planted.length, `${right} of ${planted.length} found`);
    assert.ok(right / (right + false_) >= 0.9, `${false_} false in 500`);
    const delays = planted.map(({ culprit, all }) => {
      for (let length = 10; length <= all.length; length += 10)
        if (isNamed(all.slice(0, length), culprit))
          return all.slice(0, length).filter(({ isBad }) => isBad).length;
      return Number.POSITIVE_INFINITY;
    });
    delays.sort((one, other) => one - other);
    assert.ok((delays[25] ?? 0) <= 30, `known after so many failures: ${delays}`);
  });

  it("name correlated attributes, the time of the first failure, and a change shortly before", () => {
    const hourMs = 3_600_000;
    const all = cases(5, { culprit: { attribute: "agent", value: "a2", rate: 0.9 }, rate: 0.01 }).filter(
      // The agent joined after two hours.
      ({ attributes, timeMs }) => attributes["agent"] !== "a2" || timeMs > startMs + 2 * hourMs,
    );
    const [cause = assert.fail()] = causesOf(all);
    assert.deepEqual(
      [cause.attribute, cause.value, cause.also],
      ["agent", "a2", [{ attribute: "host", value: "host-a2" }]],
    );
    assert.ok(cause.changedMs !== undefined && cause.changedMs <= cause.startMs);
    assert.ok(cause.changedMs >= startMs + 2 * hourMs);
    assert.ok(cause.rateWith > 0.8 && cause.rateWithout < 0.05);
    assert.equal(cause.message, "order … of customer … failed after … ms");
  });

  it("are distinguished if they have the same error", () => {
    const all = cases(6, { rate: 0.01, count: 800 }).map((each): Case => {
      const isBad =
        each.isBad || each.attributes["agent"] === "a1" || each.attributes["label team"] === "blue";
      return { ...each, isBad, errorCode: isBad ? "shop.failed" : "", errorMessage: "" };
    });
    const found = causesOf(all).map(({ attribute, value }) => `${attribute} ${value}`);
    assert.deepEqual(found.sort(), ["agent a1", "label team blue"]);
  });
});

describe("a normalised message", () => {
  it("omits the varying parts, and keeps the words", () => {
    assert.equal(
      normalised('connect to 10.0.0.7:5432 failed for "ada" (id 7d3f0a52-1111-4222-8333-444455556666)'),
      "connect to … failed for … (id …)",
    );
    assert.equal(normalised("run_01m8a0e6m7p69hgkesxgwrec2z not found"), "… not found");
    assert.equal(normalised("timeout"), "timeout");
  });

  it("failures are compared only with successes in the same places", () => {
    const of = (place: string, isBad: boolean, count: number): Case[] =>
      Array.from({ length: count }, (_, index) => ({
        ...{ id: `${place}-${index}`, timeMs: startMs + index, isBad, place },
        ...{ errorCode: isBad ? `${place}.failed` : "", errorMessage: isBad ? "refused" : "" },
        attributes: { capability: place, agent: index % 2 === 0 ? "a1" : "a2" },
      }));
    // Each payout fails, so no attribute distinguishes failed from completed payouts. Completed orders are no evidence.
    const all = [...of("payout", true, 20), ...of("order", false, 200)];
    const { causes, unexplained } = explain(all);
    assert.deepEqual(causes, []);
    assert.deepEqual(
      unexplained.map(({ errorCode, failures, rate, places }) => [errorCode, failures, rate, places]),
      [["payout.failed", 20, 1, ["payout"]]],
    );
    // A third of the mails fails, on each agent.
    const mails = [...of("mail", true, 20), ...of("mail", false, 40)];
    assert.deepEqual(causesOf([...mails, ...of("order", false, 200)]), []);
  });
});
