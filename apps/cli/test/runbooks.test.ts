import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { parseCommandLine } from "../src/command/command-line.ts";
import { commands } from "../src/commands/commands.ts";

const page = readFileSync(new URL("../../../docs/guides/runbooks.md", import.meta.url), "utf8");

// Its blocks run with the other blocks of the documentation.
it("each command in a sentence of a runbook is a command of the CLI", () => {
  const found = [...page.matchAll(/`tutti ([^`]+)`/g)].map(([, line = ""]) => line);
  assert.ok(found.length >= 5, found.join());
  for (const line of found) assert.equal(parseCommandLine(line.split(" "), commands).kind, "command", line);
});
