import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

it("code that blocks is found by its function and its line, also if others have had control since", () => {
  const program = fileURLToPath(new URL("watchdog.fixture.ts", import.meta.url));
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const output = execFileSync(process.execPath, [program], { encoding: "utf8", cwd });
  assert.equal(output, "endless after 0.2 s, at watchdog.fixture.ts:19\n");
});
