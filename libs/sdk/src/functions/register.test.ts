import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { silentLogger, type Timers } from "@tutti/kernel";
import { durable } from "./durable.ts";
import { registerFunctions } from "./register.ts";

describe("the registration of durable functions", () => {
  afterEach(() => mock.restoreAll());

  it("can be repeated once the platform is there, after it was not for all attempts", async () => {
    let isThere = false;
    const asked = mock.method(globalThis, "fetch", async () => {
      if (!isThere) throw new TypeError("fetch failed");
      return new Response("{}");
    });
    const cancel = () => {};
    // Pauses end at once, and calls are never late.
    const timers = {
      after: (delayMs: number, then: () => void) => {
        if (delayMs < 10_000) queueMicrotask(then);
        return { cancel };
      },
    } as unknown as Timers;
    const settings = { server: "http://h:7400", namespace: "default", credentials: {} };
    const hosted = [{ fn: durable("order", async () => 1), version: undefined, percent: 100 }];
    const register = () =>
      registerFunctions(hosted as never, { settings: settings as never, timers, logger: silentLogger });
    assert.equal(await register(), false);
    isThere = true;
    assert.equal(await register(), true);
    assert.equal(asked.mock.callCount(), 6);
  });
});
