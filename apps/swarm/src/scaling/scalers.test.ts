import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { MetricsRegistry } from "@tutti/telemetry";
import { Scalers, type ScalersParts } from "./scalers.ts";

describe("scalers", () => {
  it("evaluate nothing while there are none, so that an idle process does not wake up", async (t) => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-scalers-"));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const time = new VirtualTime();
    const foundation = {
      clock: time,
      timers: time,
      logger: silentLogger,
      metrics: new MetricsRegistry({ logger: silentLogger }),
    };
    const scalers = new Scalers({
      foundation,
      now: () => time.now(),
      settings: { everyMs: 500, containers: { sockets: [] } },
      dataDirectory: directory,
      recorder: { flush: async () => {} },
    } as unknown as ScalersParts);
    let periods = 0;
    const every = time.every.bind(time);
    t.mock.method(time, "every", (periodMs: number, callback: () => void) => {
      if (periodMs === 500) periods++;
      return every(periodMs, callback);
    });
    await scalers.start({ logger: silentLogger });
    await t.waitFor(() => assert.ok(time.pending > 0));
    await time.advanceAsync(10_000);
    assert.equal(periods, 0);
    await scalers.drain();
    assert.equal(time.pending, 0);
  });
});
