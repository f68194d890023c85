import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { folder, python, run } from "./python.fixture.ts";

describe("the Python worker", { skip: python.skip }, () => {
  it("passes its own tests, which Python runs", async () => {
    const { code, output } = await run(["-m", "unittest"], join(folder, "tests"));
    assert.equal(code, 0, output);
    assert.match(output, /^Ran [1-9]\d+ tests in [\s\S]*OK$/m);
  });
});
