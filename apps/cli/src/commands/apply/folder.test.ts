import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCommandLine } from "../../command/command-line.ts";
import { presenterFor } from "../../command/presenter.ts";
import { memoryShell } from "../../testing/memory-shell.ts";
import { commands } from "../commands.ts";
import { noteWarnings } from "../warnings.ts";
import { readFolder } from "./folder.ts";

describe("files to apply", () => {
  it("have warnings, which are shown with the line for people alone", async () => {
    const text = "workflow: a\ntasks:\n  one:\n    uses: a.b\n    estimate: {duration: 2s}\n";
    for (const [options, expected] of [
      [[], "a.yaml:5:5: warning: tasks.one.estimate: `estimate` is deprecated, use `cost`"],
      [["--json"], ""],
    ] as const) {
      const shell = memoryShell({ files: { "a.yaml": text } });
      const invocation = parseCommandLine(["apply", "a.yaml", ...options], commands);
      assert.ok(invocation.kind === "command");
      const { command, values } = invocation;
      const { print } = presenterFor(shell, values);
      const { documents, warnings } = await readFolder({
        ...{ command, commands, values, shell, print, version: "0.1.0" },
      });
      assert.deepEqual(
        documents.map(({ id }) => id),
        ["a"],
      );
      noteWarnings({ print }, warnings);
      assert.equal(shell.errors.text.split("\n")[0], expected);
    }
  });
});
