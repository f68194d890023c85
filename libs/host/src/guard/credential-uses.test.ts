import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromTimestamp } from "@tutti/kernel";
import { testFoundation, VirtualTime } from "@tutti/kernel/testing";
import { CredentialUses } from "./credential-uses.ts";

const minuteMs = 60_000;

describe("uses of keys and tokens", () => {
  function gathered() {
    const time = new VirtualTime();
    const reported: string[] = [];
    let isUnavailable = false;
    const uses = new CredentialUses({
      foundation: { ...testFoundation(), clock: time, timers: time },
      everyMs: 2_000,
      record: async (namespace, { uses: batch, lockouts }) => {
        if (isUnavailable) throw new Error("nobody is there");
        for (const { subject, failures } of lockouts)
          reported.push(`${namespace} keeps out ${subject} ${failures}`);
        for (const { credentialId, useTime, address } of batch)
          reported.push(`${namespace}/${credentialId} ${useTime && fromTimestamp(useTime)} ${address}`);
      },
    });
    return {
      ...{ time, reported, uses },
      setUnavailable: (is: boolean) => {
        isUnavailable = is;
      },
    };
  }

  it("are reported in one batch per namespace, each key once a minute", async () => {
    const { time, reported, uses } = gathered();
    for (const at of [0, 1, 59_999]) uses.used({ id: "one", namespace: "shop" }, "10.0.0.1", at);
    uses.used({ id: "two", namespace: "" }, "10.0.0.2", 5);
    uses.used({ id: "", namespace: "shop" }, "10.0.0.3", 5);
    assert.deepEqual(reported, []);
    await time.advanceAsync(2_000);
    assert.deepEqual(reported.splice(0), ["shop/one 0 10.0.0.1", "system/two 5 10.0.0.2"]);
    uses.used({ id: "one", namespace: "shop" }, "10.0.0.1", minuteMs);
    await time.advanceAsync(2_000);
    assert.deepEqual(reported, [`shop/one ${minuteMs} 10.0.0.1`]);
  });

  it("are reported again until the receiver accepts them, with the latest use of each key", async () => {
    const { time, reported, uses, setUnavailable } = gathered();
    setUnavailable(true);
    uses.used({ id: "one", namespace: "shop" }, "10.0.0.1", 0);
    await time.advanceAsync(2_000);
    uses.used({ id: "one", namespace: "shop" }, "10.0.0.9", minuteMs);
    await time.advanceAsync(2_000);
    assert.deepEqual(reported, []);
    setUnavailable(false);
    await time.advanceAsync(2_000);
    assert.deepEqual(reported, [`shop/one ${minuteMs} 10.0.0.9`]);
  });

  it("do not delay the stop of a process if the receiver does not answer", async () => {
    const time = new VirtualTime();
    const requests: string[] = [];
    const uses = new CredentialUses({
      ...{ foundation: { ...testFoundation(), clock: time, timers: time }, everyMs: 2_000 },
      record: (namespace, _, signal) =>
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
