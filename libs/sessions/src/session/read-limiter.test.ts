import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate } from "@tutti/kernel/testing";
import { ReadLimiter } from "./read-limiter.ts";

describe("looks", () => {
  it("are as frequent as requested with few readers, and share the rate with many", async () => {
    const limiter = new ReadLimiter();
    const over = gate();
    const start = (count: number) => Array.from({ length: count }, () => limiter.during(() => over.pass()));
    const few = start(10);
    assert.equal(limiter.nextReadMs(400), 400);
    const many = start(9_990);
    assert.equal(limiter.nextReadMs(400), 50_000);
    over.open();
    await Promise.all([...few, ...many]);
    assert.equal(limiter.nextReadMs(400), 400);
  });

  it("do not count failed reads", async () => {
    const limiter = new ReadLimiter();
    await assert.rejects(limiter.during(() => Promise.reject(new Error("it broke"))));
    assert.equal(limiter.nextReadMs(0), 0);
  });
});
