import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromTimestamp } from "@tutti/kernel";
import { testFoundation, VirtualTime } from "@tutti/kernel/testing";
import { Uses } from "./uses.ts";

const minuteMs = 60_000;

describe("uses of keys and tokens", () => {
  function gathered() {
    const time = new VirtualTime();
    const told: string[] = [];
    let isAway = false;
    const uses = new Uses({
      foundation: { ...testFoundation(), clock: time, timers: time },
      everyMs: 2_000,
      take: async (namespace, { uses: batch, lockouts }) => {
        if (isAway) throw new Error("nobody is there");
        for (const { subject, failures } of lockouts)
          told.push(`${namespace} keeps out ${subject} ${failures}`);
        for (const { credentialId, useTime, address } of batch)
          told.push(`${namespace}/${credentialId} ${useTime && fromTimestamp(useTime)} ${address}`);
      },
    });
    return {
      ...{ time, told, uses },
      away: (is: boolean) => {
        isAway = is;
      },
    };
  }

  it("are reported in one batch per namespace, each key once a minute", async () => {
    const { time, told, uses } = gathered();
    for (const at of [0, 1, 59_999]) uses.used({ id: "one", namespace: "shop" }, "10.0.0.1", at);
    uses.used({ id: "two", namespace: "" }, "10.0.0.2", 5);
    uses.used({ id: "", namespace: "shop" }, "10.0.0.3", 5);
    assert.deepEqual(told, []);
    await time.advanceAsync(2_000);
    assert.deepEqual(told.splice(0), ["shop/one 0 10.0.0.1", "system/two 5 10.0.0.2"]);
    uses.used({ id: "one", namespace: "shop" }, "10.0.0.1", minuteMs);
    await time.advanceAsync(2_000);
    assert.deepEqual(told, [`shop/one ${minuteMs} 10.0.0.1`]);
  });

  it("are reported again until they are taken, the latest of each", async () => {
    const { time, told, uses, away } = gathered();
    away(true);
    uses.used({ id: "one", namespace: "shop" }, "10.0.0.1", 0);
    await time.advanceAsync(2_000);
    uses.used({ id: "one", namespace: "shop" }, "10.0.0.9", minuteMs);
    await time.advanceAsync(2_000);
    assert.deepEqual(told, []);
    away(false);
    await time.advanceAsync(2_000);
    assert.deepEqual(told, [`shop/one ${minuteMs} 10.0.0.9`]);
  });

  it("keep no process from stopping whose receiver does not answer", async () => {
    const time = new VirtualTime();
    const requests: string[] = [];
    const uses = new Uses({
      ...{ foundation: { ...testFoundation(), clock: time, timers: time }, everyMs: 2_000 },
      take: (namespace, _, signal) =>
        new Promise((_resolve, reject) => {
          requests.push(namespace);
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    uses.used({ id: "one", namespace: "shop" }, "10.0.0.1", 0);
    await time.advanceAsync(2_000);
    await uses.stop();
    uses.used({ id: "two", namespace: "shop" }, "10.0.0.1", 0);
    await time.advanceAsync(10_000);
    assert.deepEqual(requests, ["shop"]);
  });
});
