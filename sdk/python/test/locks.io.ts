/** A program in Python holds locks, over REST, on a whole platform. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startPlatform } from "./platform.fixture.ts";
import { folder, python, run } from "./python.fixture.ts";

const program = (server: string) => `
import threading
import time

import tutti
from tutti import TuttiError

locks = tutti.connect("${server}").locks
with locks.acquire("printer", lease=5) as first:
    try:
        locks.acquire("printer")
        raise AssertionError("it is held")
    except TuttiError as error:
        assert error.code == "lock.held", error
    expiry = lambda: locks.get("printer")["grants"][0]["expireTimeMs"]
    before, until = expiry(), time.monotonic() + 20
    while expiry() == before:
        assert time.monotonic() < until, "it is not renewed"
        time.sleep(0.05)
    assert not first.lost.is_set()
with locks.acquire("printer", lease=5, work={"kind": "session", "id": "plato"}) as second:
    assert second.token > first.token, (first.token, second.token)
    assert first.release() is False
    assert [each["name"] for each in locks.list(prefix="print")] == ["printer"]
    locks.break_("printer", second.holder, "it burns")
    assert second.lost.wait(20), "nobody said that it was lost"
print("done")
`;

/** Returns the program in the guide. */
function programOfGuide(): string {
  const page = readFileSync(join(folder, "../../docs/guides/locks.md"), "utf8");
  const [, programText] = /^```python file=press.py\n(.*?)^```$/ms.exec(page) ?? [];
  return programText ?? assert.fail("no program in Python");
}

describe("locks from Python", { skip: python.skip }, () => {
  it("are renewed automatically, released at the end, and report their loss", async () => {
    const directory = await mkdtemp(join(tmpdir(), "python-locks-"));
    try {
      await using platform = await startPlatform(directory);
      const result = await run(["-c", program(platform.http)], directory);
      assert.deepEqual(result, { code: 0, output: "done\n" });
      const { code, output } = await run(["-c", programOfGuide()], directory, { TUTTI_URL: platform.http });
      assert.equal(code, 0, output);
      assert.match(output, /^the press is ours, token \d+$/m);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
