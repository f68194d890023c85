import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { MetricsRegistry } from "@tutti/telemetry";
import { Recorder, type RecorderParts } from "./recorder.ts";

const minuteMs = 60_000;

/** Returns when rounds started within five minutes, with rules that are evaluated at the start and at each full minute. */
async function roundsOf(startSecond: number, hasRules: boolean): Promise<number[]> {
  const time = new VirtualTime();
  await time.advanceAsync(minuteMs - (time.now() % minuteMs) + startSecond * 1_000);
  const rounds: number[] = [];
  const recorder = new Recorder({
    foundation: {
      clock: time,
      timers: time,
      logger: silentLogger,
      metrics: new MetricsRegistry({ logger: silentLogger }),
    } as unknown as RecorderParts["foundation"],
    processes: {
      list: async () => {
        rounds.push(time.now() % minuteMs);
        return [];
      },
    },
    thread: { request: async () => ({}) as never, stop: async () => {} },
    everyMs: minuteMs,
  });
  recorder.start();
  const evaluate = (): void => {
    void recorder.catchUp();
    time.after(minuteMs - (time.now() % minuteMs), evaluate);
  };
  if (hasRules) evaluate();
  await time.advanceAsync(5 * minuteMs);
  await recorder.stop();
  return rounds;
}

describe("rounds of the recorder", () => {
  for (const second of [1, 30, 55])
    it(`come with the rules, once a minute, if the process starts at second ${second}`, async () => {
      assert.deepEqual(await roundsOf(second, true), [second * 1_000, 0, 0, 0, 0, 0]);
    });

  it("come once a minute without rules", async () => {
    assert.equal((await roundsOf(55, false)).length, 5);
  });
});
