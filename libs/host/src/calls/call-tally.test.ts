import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RecordCallsRequest } from "@tutti/contracts/insight/v1";
import { recordingMetrics, until, VirtualTime } from "@tutti/kernel/testing";
import { CallTally, type CallTallyParts, type CountedCall } from "./call-tally.ts";

const call = (overrides: Partial<CountedCall> = {}): CountedCall => ({
  ...{ source: "http", namespace: "shop", route: "runs.start", identity: "ada", code: "201", durationMs: 5 },
  ...overrides,
});

function tally() {
  const time = new VirtualTime(Date.UTC(2026, 0, 1));
  const sent: RecordCallsRequest[] = [];
  const failed = { count: 0 };
  let isUnavailable = false;
  const client = {
    recordCalls: async (request: RecordCallsRequest) => {
      if (isUnavailable) {
        failed.count++;
        throw new Error("insight is away");
      }
      sent.push(request);
      return {};
    },
  };
  const foundation = { clock: time, timers: time, metrics: recordingMetrics() };
  // The cast: only this client of a mesh is used.
  const mesh = { client: () => client } as unknown as CallTallyParts["mesh"];
  const calls = new CallTally({ foundation, mesh, processId: "proc_1" });
  const setUnavailable = (is: boolean) => {
    isUnavailable = is;
  };
  return { time, sent, calls, away: setUnavailable, failed };
}

describe("the tally of calls", () => {
  it("sums calls of a minute with the same route, identity and code, and sends the sum whole", async () => {
    const { time, sent, calls } = tally();
    calls.add(call());
    calls.add(call({ durationMs: 7 }));
    calls.add(call({ code: "404" }));
    await time.advance(10_000);
    await until("the counts to be sent", () => sent.length === 1);
    const counts = sent[0]?.calls.map(({ code, calls, durationMs, maxMs }) => [
      code,
      calls,
      durationMs,
      maxMs,
    ]);
    assert.deepEqual(counts, [
      ["201", 2, 12, 7],
      ["404", 1, 5, 5],
    ]);
    calls.add(call({ durationMs: 1 }));
    await time.advance(10_000);
    await until("the next counts", () => sent.length === 2);
    assert.deepEqual([sent[1]?.calls[0]?.calls, sent[1]?.calls[0]?.durationMs], [3, 13]);
  });

  it("sends nothing without calls, and adds the counts of a failed report to the next one", async () => {
    const { time, sent, calls, away, failed } = tally();
    await time.advance(60_000);
    assert.equal(sent.length, 0);
    away(true);
    calls.add(call());
    await time.advance(10_000);
    await until("the message to fail", () => failed.count === 1);
    away(false);
    calls.add(call());
    time.advance(10_000);
    await until("the counts to be sent", () => sent.length === 1);
    assert.deepEqual(
      sent[0]?.calls.map(({ calls }) => calls),
      [2],
    );
  });

  it("counts callers beyond the bound together, by route", async () => {
    const { time, sent, calls } = tally();
    for (let each = 0; each < 2_005; each++) calls.add(call({ identity: `caller-${each}` }));
    time.advance(10_000);
    await until("the counts to be sent", () => sent.length === 1);
    const others = sent[0]?.calls.find(({ identity }) => identity === "*");
    assert.deepEqual([sent[0]?.calls.length, others?.calls], [2_001, 5]);
  });
});
