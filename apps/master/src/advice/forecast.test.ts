import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { QueryFactsReply } from "@tutti/contracts/insight/v1";
import { ForecastRequest } from "@tutti/contracts/intelligence/v1";
import { type ForecastParts, forecastsOf } from "./forecast.ts";

const hourMs = 3_600_000;
const nowMs = 1_800_000_000_000;
const caller = { namespace: "default" };

/** Placements: a number for each of the past hours, the latest last. Each one takes a second. */
function recorded(counts: readonly number[], { pool = "default", uses = "pay" } = {}) {
  return counts.flatMap((count, at) =>
    Array.from({ length: count }, (_, number) => ({
      ...{ pool, uses, status: "completed" },
      endedMs: nowMs - (counts.length - at) * hourMs + 1 + number,
    })),
  );
}

function partsWith(placements: ReturnType<typeof recorded>): ForecastParts {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE placements (pool, uses, status, ended, ready_at, wait_ms, held_ms, money)");
  const insert = database.prepare("INSERT INTO placements VALUES (?, ?, ?, ?, ?, 500, 1000, 0.5)");
  for (const { pool, uses, status, endedMs } of placements)
    insert.run(pool, uses, status, textOf(endedMs), endedMs - 1_500);
  return {
    isServed: () => true,
    facts: {
      queryFacts: async ({ sql }) => {
        const rows = database
          .prepare(sql)
          .all()
          .map((row) => Object.values(row));
        const value = Buffer.from(JSON.stringify(rows));
        return QueryFactsReply.fromPartial({ rows: { body: { $case: "inline", value } } });
      },
    },
  };
}

const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace("T", " ");

async function forecastOf(parts: ForecastParts, subject: Partial<ForecastRequest["subjects"][number]> = {}) {
  const request = ForecastRequest.fromPartial({
    subjects: [{ measure: "starts_per_sec", ...subject }],
    stepMs: hourMs,
    horizonMs: 3 * hourMs,
  });
  const [series] = await forecastsOf(parts, caller, request, nowMs);
  return series ?? assert.fail("expected a series");
}

describe("a forecast of the load", () => {
  it("has the error of the last 24 hours, and not that of the time before", async () => {
    const wild = Array.from({ length: 24 }, (_, hour) => 1 + ((hour * 37) % 90));
    const calm = Array.from({ length: 24 }, () => 36);
    const isCalm = await forecastOf(partsWith(recorded([...wild, ...calm])));
    const isWild = await forecastOf(partsWith(recorded([...calm, ...wild])));
    assert.ok(isCalm.error < 0.1, `${isCalm.error}`);
    assert.ok(isWild.error > 0.3, `${isWild.error}`);
    assert.equal(isCalm.expected.length, 3);
    assert.ok(isCalm.low.every((low, at) => low <= (isCalm.expected[at] ?? 0)));
  });

  it("counts every attempt of its pool and capability", async () => {
    const perHour = Array.from({ length: 6 }, () => 720);
    const parts = partsWith([
      ...recorded(perHour),
      ...recorded(perHour, { uses: "other" }),
      ...recorded(perHour, { pool: "gpu" }),
    ]);
    const perSec = async (subject: Parameters<typeof forecastOf>[1]) =>
      (await forecastOf(parts, subject)).expected[0];
    assert.equal(await perSec({}), 0.6);
    assert.equal(await perSec({ pool: "default" }), 0.4);
    assert.equal(await perSec({ pool: "default", capability: "pay" }), 0.2);
    assert.equal(await perSec({ measure: "busy_slots", pool: "gpu" }), 0.2);
    assert.equal(await perSec({ measure: "money_per_ms", pool: "gpu" }), (720 * 0.5) / hourMs);
    assert.deepEqual((await forecastOf(parts, { pool: "it's" })).expected, []);
  });

  it("has no values if no process records placements", async () => {
    const parts = { ...partsWith(recorded([5, 5])), isServed: () => false };
    assert.deepEqual((await forecastOf(parts)).expected, []);
  });

  it("refuses unknown measures, including names of built-in object properties", async () => {
    for (const measure of ["", "speed", "__proto__", "constructor"])
      await assert.rejects(
        forecastOf(partsWith([]), { measure }),
        /expected `starts_per_sec`, `busy_slots`, `money_per_ms`, got/,
      );
  });
});
