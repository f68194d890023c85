import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { patternsOf } from "./patterns.ts";
import { shop } from "./work.fixture.ts";

describe("patterns", () => {
  it("are storms of retries", () => {
    const { attempts } = shop(1, {
      attemptsMax: 6,
      fails: ({ task, number, order }) => task === "pay" && order % 2 === 0 && number < 5,
    });
    const [first] = patternsOf(attempts);
    assert.deepEqual(
      [first?.kind, first?.task, first?.count, first?.share],
      ["retry_storm", "pay", 400, 0.5],
    );
    assert.ok((first?.ms ?? 0) > 30_000);
  });

  it("are failures at the same minute of the hour", () => {
    const { attempts } = shop(2, {
      ...{ orders: 600, attemptsMax: 2 },
      fails: ({ task, number, timeMs }) =>
        task === "parcel" && number === 1 && Math.floor(timeMs / 60_000) % 60 === 7,
    });
    const rhythm = patternsOf(attempts).find(({ kind }) => kind === "failure_rhythm");
    assert.deepEqual([rhythm?.task, rhythm?.detail, rhythm?.share], ["parcel", "minute 7 of the hour", 1]);
  });

  it("are failures that follow each other in one run", () => {
    const { attempts } = shop(3, {
      attemptsMax: 2,
      fails: ({ task, number, order }) =>
        number === 1 && order % 5 === 0 && (task === "stock" || task === "mail"),
    });
    const sequence = patternsOf(attempts).filter(({ kind }) => kind === "failure_sequence");
    assert.deepEqual(
      sequence.map(({ task, detail, share }) => [task, detail, share]),
      [["stock", "mail", 1]],
    );
  });

  it("are absent if failures are random", () => {
    for (let seed = 0; seed < 100; seed++) {
      const chance = seededChance(1_000 + seed);
      const { attempts } = shop(seed, {
        attemptsMax: 2,
        fails: ({ number }) => number === 1 && chance.random() < 0.1,
      });
      assert.deepEqual(patternsOf(attempts), [], `seed ${seed}`);
    }
  });
});
