import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runCommandLine } from "../cli.ts";
import { memoryShell } from "../testing/memory-shell.ts";
import type { Command } from "./declaration.ts";
import { exitCodes } from "./exit-codes.ts";
import { yes } from "./options.ts";

describe("a command that destroys something", () => {
  const cases = [
    { title: "runs after yes", words: "x", answer: "y", exitCode: 0, isRun: true, says: /^$/ },
    {
      title: "does nothing after no",
      words: "x",
      answer: "n",
      exitCode: 0,
      isRun: false,
      says: /Nothing was changed/,
    },
    {
      title: "does nothing after an empty answer",
      words: "x",
      answer: "",
      exitCode: 0,
      isRun: false,
      says: /Nothing/,
    },
    { title: "does not ask with --yes", words: "x --yes", answer: "n", exitCode: 0, isRun: true, says: /^$/ },
    { title: "runs without a terminal with --yes", words: "x -y", exitCode: 0, isRun: true, says: /^$/ },
    {
      ...{ title: "is rejected without a terminal", words: "x", exitCode: exitCodes.usage, isRun: false },
      says: /needs a confirmation: Delete pool x\?.*Add --yes/s,
    },
    {
      ...{ title: "is rejected for programs without --yes", words: "x --json", answer: "y", isRun: false },
      ...{ exitCode: exitCodes.usage, says: /needs a confirmation/ },
    },
  ];
  for (const { title, words, answer, exitCode, isRun, says } of cases)
    it(title, async () => {
      let runs = 0;
      const command: Command = {
        ...{ name: "pool delete", group: "installation", summary: "Delete a pool", json: "document" },
        arguments: [{ name: "POOL", summary: "pool name" }],
        options: [yes],
        confirm: (values) => `Delete pool ${values.argument("POOL")}?`,
        load: async () => async () => {
          runs += 1;
          return exitCodes.completed;
        },
      };
      const shell = memoryShell(answer === undefined ? {} : { answer });
      const line = ["pool", "delete", ...words.split(" ")];
      assert.equal(await runCommandLine(line, shell, "0.0.0", [command]), exitCode);
      assert.equal(runs, isRun ? 1 : 0);
      assert.match(shell.errors.text, says);
    });

  it("comes after a warning about misspelt variables, which only --quiet hides", async () => {
    const command: Command = {
      ...{ name: "pool delete", group: "installation", summary: "Delete a pool", json: "document" },
      arguments: [],
      options: [yes],
      confirm: () => "Delete it?",
      load: async () => async () => exitCodes.completed,
    };
    for (const [words, isWarned] of [
      ["", true],
      ["--yes --json", true],
      ["--yes --quiet", false],
    ] as const) {
      const shell = memoryShell({ answer: "y", environment: { TUTTI_NAMSPACE: "shop" } });
      const line = `pool delete ${words}`.trim().split(" ");
      assert.equal(await runCommandLine(line, shell, "0.0.0", [command]), exitCodes.completed);
      const warning =
        "warning: The environment variable TUTTI_NAMSPACE is ignored. Did you mean TUTTI_NAMESPACE?";
      assert.equal(shell.errors.text.startsWith(warning), isWarned, words);
    }
  });
});
