import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { readWords } from "../src/command/words.ts";
import { commands } from "../src/commands/commands.ts";

const page = readFileSync(new URL("../../../docs/guides/runbooks.md", import.meta.url), "utf8");

// Its blocks run with the other blocks of the documentation.
it("each command within a sentence of a runbook is one that the CLI reads", () => {
  const found = [...page.matchAll(/`tutti ([^`]+)`/g)].map(([, words = ""]) => words);
  assert.ok(found.length >= 5, found.join());
  for (const words of found) assert.equal(readWords(words.split(" "), commands).kind, "command", words);
});
