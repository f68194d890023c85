import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../command/commands.ts";
import { completionFor, isShellName, shellNames } from "./scripts.ts";

describe("completion", () => {
  for (const shell of shellNames)
    it(`of ${shell} knows every command and every option`, () => {
      const script = completionFor(shell, commands);
      for (const { name, options = [] } of commands) {
        for (const word of name.split(" ")) assert.ok(script.includes(word), name);
        for (const option of options) assert.ok(script.includes(option.name), `${name} --${option.name}`);
      }
    });

  it("is for three shells", () => {
    assert.ok(isShellName("fish"));
    assert.ok(!isShellName("tcsh"));
  });
});
