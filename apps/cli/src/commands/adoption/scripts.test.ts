import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linesOf } from "./scripts.ts";

describe("the lines of a crontab", () => {
  it("keep the variables that the file sets above them", async () => {
    const adopted = await linesOf("crontab", "0 3 * * * echo a\nREPORT=full week\n0 4 * * * echo b\n");
    assert.deepEqual(
      adopted.map(({ command }) => command),
      [
        ["/bin/sh", "-c", "echo a"],
        ["env", "REPORT=full week", "/bin/sh", "-c", "echo b"],
      ],
    );
  });
});
