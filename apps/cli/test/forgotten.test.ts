import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { commands } from "../src/commands/commands.ts";

/** The proof and the race have tests of their own. The blocks of guides are tests, and MCP is tested with its server. */
const texts = [
  ...globSync(["*.io.ts", "*.nightly.ts"], { cwd: fileURLToPath(new URL(".", import.meta.url)) }),
  "../../../docs/guides/audit.md",
  "../../platform/test/mcp/mcp.io.ts",
].map((file) => readFileSync(new URL(file, import.meta.url), "utf8"));

describe("the tests of the command", () => {
  it("run every command", () => {
    const forgotten = commands
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("demo ") && !isRun(name));
    assert.deepEqual(forgotten, [], "no test runs these commands: run each in a file of apps/cli/test");
  });
});

/** Whether a test runs the command: as the start of a line, or as separate words. */
function isRun(name: string): boolean {
  const asLine = new RegExp(`["'\`]${name}[ "'\`]|tutti ${name}\\b`);
  const quoted = `"${name.split(" ").join('", "')}"`;
  return texts.some((text) => asLine.test(text) || text.includes(quoted));
}
