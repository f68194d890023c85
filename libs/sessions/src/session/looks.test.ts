import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate } from "@tutti/kernel/testing";
import { Looks } from "./looks.ts";

describe("looks", () => {
  it("come as often as requested with few readers, and share the rate with many", async () => {
    const looks = new Looks();
    const over = gate();
    const begin = (count: number) => Array.from({ length: count }, () => looks.during(() => over.pass()));
    const few = begin(10);
    assert.equal(looks.againMs(400), 400);
    const many = begin(9_990);
    assert.equal(looks.againMs(400), 50_000);
    over.open();
    await Promise.all([...few, ...many]);
    assert.equal(looks.againMs(400), 400);
  });

  it("do not count what failed", async () => {
    const looks = new Looks();
    await assert.rejects(looks.during(() => Promise.reject(new Error("it broke"))));
    assert.equal(looks.againMs(0), 0);
  });
});
