import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { commands } from "../commands/commands.ts";
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

/** Commands that print how a shell would complete a line. For zsh, only whether it can parse the script. */
const completionArgs = {
  bash: (script: string, line: string) => [
    "-c",
    `. '${script}'; COMP_WORDS=(${line.endsWith(" ") ? `${line}''` : line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _tutti; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  fish: (script: string, line: string) => ["-c", `source '${script}'; complete -C '${line}'`],
};

describe("completion in the installed shells", () => {
  const folder = mkdtempSync(join(tmpdir(), "tutti-completion-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const isHere = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;
  const scriptFor = (shell: (typeof shellNames)[number]) => {
    const script = join(folder, `tutti.${shell}`);
    writeFileSync(script, completionFor(shell, commands));
    return script;
  };

  for (const shell of ["bash", "fish"] as const)
    it(`${shell} completes commands, their arguments, and options`, {
      skip: isHere(shell) ? false : `there is no ${shell} here`,
    }, () => {
      const script = scriptFor(shell);
      const completed = (line: string) => {
        const { stdout, stderr } = spawnSync(shell, completionArgs[shell](script, line), {
          encoding: "utf8",
        });
        assert.equal(stderr, "");
        return stdout.split("\n").map((each) => each.split("\t")[0]);
      };
      assert.ok(completed("tutti ").includes("schedule"));
      assert.ok(completed("tutti work").includes("workflow"));
      assert.ok(completed("tutti workflow ch").includes("check"));
      assert.ok(completed("tutti list --sta").includes("--state"));
    });

  it("zsh reads its script", { skip: isHere("zsh") ? false : "there is no zsh here" }, () => {
    execFileSync("zsh", ["-n", scriptFor("zsh")]);
  });
});
