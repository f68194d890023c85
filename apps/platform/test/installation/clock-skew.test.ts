/** An adapter on a machine whose clock differs from the clock of the platform. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Adapter, addAdapter } from "@tutti/sdk/adapters";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const dayMs = 86_400_000;

describe("an adapter on a machine with a wrong clock", () => {
  let installation: Installation;
  let tutti: Tutti;
  const remaining: number[] = [];

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    for (const [name, skewMs] of [
      ["behind", -dayMs],
      ["ahead", dayMs],
    ] as const) {
      const { clock: right } = installation.keptHost;
      const clock = { now: () => right.now() + skewMs, monotonic: () => right.monotonic() + 7 };
      const adapter: Adapter = {
        ...{ name, kind: "clock", rate: { perSecond: 1, burst: 1 }, check: async () => {} },
        operations: {
          read: { repeat: "safe", call: async ({ n }) => n },
          wait: {
            repeat: "safe",
            call: (_input, { signal, remainingMs = 0 }) => {
              remaining.push(remainingMs);
              return new Promise((_, reject) => {
                signal.addEventListener("abort", () => reject(signal.reason));
              });
            },
          },
        },
      };
      const worker = installation.worker({}, { clock });
      addAdapter(worker, adapter, { clock });
      await worker.start();
      await tutti.workflows.register(
        `workflow: ${name}\ntasks:\n  read: {forEach: "[1, 2, 3]", uses: ${name}.read, with: {n: "\${{ item }}"}, timeout: 1m}\noutput: "\${{ tasks.read.output }}"\n`,
      );
      await tutti.workflows.register(
        `workflow: ${name}-late\ntasks: {wait: {uses: ${name}.wait, timeout: 10s, retry: 1}}\n`,
      );
    }
  });
  after(async () => {
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  for (const name of ["behind", "ahead"]) {
    it(`a day ${name} keeps its rate and its timeouts`, async () => {
      const startedMs = installation.now();
      assert.deepEqual(await tutti.execute(name), [1, 2, 3]);
      const tookMs = installation.now() - startedMs;
      assert.ok(tookMs >= 2_000 && tookMs < 60_000, String(tookMs));
      const beforeMs = installation.now();
      await assert.rejects(tutti.execute(`${name}-late`), /timed_out|timeout|time/);
      const waitedMs = installation.now() - beforeMs;
      assert.ok(waitedMs >= 10_000 && waitedMs < 20_000, String(waitedMs));
      const [ms = 0] = remaining.splice(0);
      assert.ok(ms > 0 && ms <= 10_000, String(ms));
    });
  }
});
