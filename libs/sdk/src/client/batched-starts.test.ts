import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StartRunsReply, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import { IdSource, systemFoundation } from "@tutti/kernel";
import { BatchedStarts } from "./batched-starts.ts";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const receipt = { runId: "", existed: false, refusal: undefined };

type Server = (requests: AsyncIterable<StartRunsRequest>) => AsyncIterable<StartRunsReply>;

function startsWith(startRuns: Server) {
  const { clock, timers, chance } = systemFoundation({});
  const contents = { stored: async (payload: unknown) => payload };
  const ports = { clock, timers, chance, ids: new IdSource({ clock, chance }), contents };
  return new BatchedStarts({ runs: { startRuns }, namespace: "n", ports } as never);
}

const start = (number: number) => ({ definition: "order", id: `run-${number}`, input: { number } });

describe("runs that start in batches", () => {
  it("of one turn are one message with one specification", async () => {
    const batches: StartRunsRequest[] = [];
    const starts = startsWith(async function* (requests) {
      let number = 0;
      for await (const batch of requests) {
        batches.push(batch);
        const ends = batch.items.map((item) => ({
          number: ++number,
          outcome: { $case: "inlineOutput" as const, value: json(item.runId) },
        }));
        yield { receipts: ends.map((end) => ({ ...receipt, number: end.number })), ends };
      }
    });
    const outcomes = await Promise.all([1, 2, 3].map((number) => starts.outcomeOf(start(number))));
    assert.deepEqual(
      outcomes.map((outcome) => outcome?.result?.$case === "completed" && outcome.result.value.body?.value),
      ["run-1", "run-2", "run-3"].map(json),
    );
    assert.deepEqual(
      batches.map(({ specs, items, namespace, follow }) => [specs.length, items.length, namespace, follow]),
      [[1, 3, "n", true]],
    );
    await starts.outcomeOf(start(4));
    assert.deepEqual(
      [batches[1]?.specs.length, batches[1]?.items[0]?.spec],
      [1, 2],
      "a later batch may have a later version",
    );
  });

  it("are not followed if only their receipts are wanted", async () => {
    const followed: boolean[] = [];
    const starts = startsWith(async function* (requests) {
      let number = 0;
      for await (const { items, follow } of requests) {
        followed.push(follow);
        const refusal = { code: "workflow.definition_unknown" } as never;
        yield {
          receipts: items.map(({ runId }) => {
            number++;
            if (runId === "run-2") return { ...receipt, number, refusal };
            return { ...receipt, number, existed: runId === "run-3" };
          }),
          ends: [],
        };
      }
    });
    const receipts = await Promise.all([1, 2, 3].map((number) => starts.receiptOf(start(number))));
    assert.deepEqual(
      receipts.map((found) => found?.existed),
      [false, undefined, true],
    );
    assert.deepEqual(followed, [false]);
  });

  it("are left to single calls if they are refused, or if the stream breaks", async () => {
    const starts = startsWith(async function* (requests) {
      for await (const _ of requests) {
        const refusal = { code: "workflow.queue_full" } as never;
        yield { receipts: [{ ...receipt, number: 1, refusal }], ends: [] };
        throw new Error("the link is cut");
      }
    });
    const outcomes = [1, 2].map((number) => starts.outcomeOf(start(number)));
    assert.deepEqual(await Promise.all(outcomes), [undefined, undefined]);
    const worthwhile = async () => {
      const under: Promise<boolean>[] = [];
      for (let count = 0; count < 20; count++) under.push(starts.counted(async () => starts.isWorthwhile));
      return (await Promise.all(under)).some(Boolean);
    };
    assert.equal(await worthwhile(), false, "no stream for a while");
  });

  it("are worth a stream from sixteen on", async () => {
    const starts = startsWith(async function* () {});
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const under = Array.from({ length: 15 }, () => starts.counted(() => held));
    assert.equal(starts.isWorthwhile, false);
    under.push(starts.counted(() => held));
    assert.equal(starts.isWorthwhile, true);
    release();
    await Promise.all(under);
    assert.equal(starts.isWorthwhile, false);
  });
});
