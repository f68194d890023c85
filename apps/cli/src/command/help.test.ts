import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutColours as style } from "../terminal/style.ts";
import { widthOf } from "../terminal/text.ts";
import { commands } from "./commands.ts";
import { everyOption } from "./declaration.ts";
import { drawHelp } from "./help.ts";
import { readWords } from "./words.ts";

describe("help", () => {
  it("everything names each command once, by groups", () => {
    const text = drawHelp("", commands, { style, width: 80 }).join("\n");
    for (const { name, summary } of commands) assert.ok(text.includes(`  ${name} `), `${name}: ${summary}`);
  });

  it("a first word shows those behind it", () => {
    const lines = drawHelp("workflow", commands, { style, width: 80 });
    assert.ok(lines.some((line) => line.includes("workflow check")));
    assert.ok(!lines.some((line) => line.includes("schedule")));
  });

  for (const { name, options = [], examples = [] } of commands)
    it(`of ${name} has all its options, at 60 columns too`, () => {
      const lines = drawHelp(name, commands, { style, width: 60 });
      const isExample = (line: string): boolean => examples.some(({ words }) => line.includes(words));
      for (const line of lines) assert.ok(widthOf(line) <= 62 || isExample(line), line);
      for (const option of [...options, ...everyOption])
        assert.ok(lines.some((line) => line.includes(`--${option.name}`)));
    });
});

describe("the table of commands", () => {
  it("has each name once, and no command that is the beginning of another", () => {
    const names = commands.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.ok(!names.some((other) => other.startsWith(`${name} `)), name);
  });

  it("has no option twice in one command", () => {
    for (const { name, options = [] } of commands) {
      const all = [...options, ...everyOption];
      const flags = all.flatMap((option) => [
        `--${option.name}`,
        ...(option.short === undefined ? [] : [`-${option.short}`]),
      ]);
      assert.equal(new Set(flags).size, flags.length, name);
    }
  });

  it("has examples that are commands", () => {
    for (const { name, examples = [] } of commands)
      for (const { words } of examples) {
        const [said = ""] = words.split(/ [|<>] /);
        const parts = [...said.matchAll(/'[^']*'|\S+/g)].map(([part]) => part.replaceAll("'", ""));
        const asked = readWords(joined(parts, said), commands);
        assert.equal(asked.kind === "command" && asked.command.name, name, words);
      }
  });

  it("each can be loaded", async () => {
    for (const { name, load } of commands) assert.equal(typeof (await load()), "function", name);
  });
});

/** What a shell makes of quotes in the middle of a word is one word. */
function joined(parts: readonly string[], said: string): string[] {
  return said.includes("='")
    ? said.replaceAll(/'([^']*)'/g, (_, inside: string) => inside.replaceAll(" ", "\u00a0")).split(" ")
    : [...parts];
}
