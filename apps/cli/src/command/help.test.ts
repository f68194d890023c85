import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../commands/commands.ts";
import { withoutColours as style } from "../terminal/style.ts";
import { widthOf } from "../terminal/text.ts";
import { parseCommandLine } from "./command-line.ts";
import { everyOption } from "./declaration.ts";
import { drawHelp, firstCommands, groups } from "./help.ts";

const page = { style, width: 80 };

describe("help", () => {
  it("without words it shows the twelve commands that a newcomer needs first", () => {
    const text = drawHelp({ about: "" }, commands, page).join("\n");
    assert.equal(firstCommands.length, 12);
    for (const name of firstCommands) {
      const command = commands.find((candidate) => candidate.name === name);
      assert.ok(command !== undefined && text.includes(`  ${name} `) && text.includes(command.summary), name);
    }
    assert.ok(!text.includes("quota"));
    assert.match(text, /tutti help --all/);
  });

  it("with --all it names each command once, by groups", () => {
    const lines = drawHelp({ about: "", isAll: true }, commands, page);
    for (const { name } of commands)
      assert.equal(lines.filter((line) => line.startsWith(`  ${name} `)).length, 1, name);
    for (const group of groups) assert.equal(lines.filter((line) => line === group).length, 1, group);
  });

  it("with the first word of several commands it shows these", () => {
    const lines = drawHelp({ about: "workflow" }, commands, page);
    assert.ok(lines.some((line) => line.includes("workflow check")));
    assert.ok(!lines.some((line) => line.includes("schedule")));
  });

  for (const { name, options = [], examples = [] } of commands)
    it(`of ${name} has all its options, at 60 columns too`, () => {
      const lines = drawHelp({ about: name }, commands, { style, width: 60 });
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

  it("declares each option of a command once", () => {
    for (const { name, options = [] } of commands) {
      const all = [...options, ...everyOption];
      const flags = all.flatMap((option) => [
        `--${option.name}`,
        ...(option.short === undefined ? [] : [`-${option.short}`]),
      ]);
      assert.equal(new Set(flags).size, flags.length, name);
    }
  });

  it("gives an option the same meaning in all commands", () => {
    const all = [...everyOption, ...commands.flatMap(({ options = [] }) => options)];
    for (const [name, same] of Map.groupBy(all, (option) => option.name)) {
      const meanings = same.map(({ value = "", short = "", summary }) =>
        [value, short, meaningOf(summary)].join(" | "),
      );
      assert.deepEqual([...new Set(meanings)], meanings.slice(0, 1), `--${name}`);
    }
    // Users of other commands expect `apply -f FILE` and `logs -f`.
    for (const [short, same] of Map.groupBy(all, (option) => option.short))
      if (short !== undefined && short !== "f")
        assert.equal(new Set(same.map(({ name }) => name)).size, 1, `-${short}`);
  });

  it("speaks in the imperative and in sentences of at most 25 words", () => {
    for (const { name, summary, about = [], options = [], arguments: named = [] } of commands) {
      assert.match(summary, /[^.]$/, name);
      assert.match(summary, imperative, name);
      for (const text of [summary, ...about, ...[...options, ...named].map((each) => each.summary)])
        for (const sentence of text.split(/(?<=\.)\s+/))
          assert.ok(sentence.split(/\s+/).length <= 25, `${name}: ${sentence}`);
    }
  });

  it("asks for confirmation before each destructive command, and --yes skips the question", () => {
    const destroying = commands.filter(({ name }) => /(^| )(delete|revoke|unbind|break|reset)$/.test(name));
    assert.ok(destroying.length >= 13);
    for (const { name, confirm, options = [], arguments: named = [] } of destroying) {
      const args = [...name.split(" "), ...named.map(() => "x")];
      const invocation = parseCommandLine(args, commands);
      assert.ok(invocation.kind === "command" && confirm?.(invocation.values) !== undefined, name);
      assert.ok(
        options.some((option) => option.name === "yes"),
        name,
      );
    }
    for (const { name, confirm, options = [] } of commands)
      assert.ok(confirm === undefined || options.some((option) => option.name === "yes"), name);
  });

  it("has examples that are commands", () => {
    for (const { name, examples = [] } of commands)
      for (const { words } of examples) {
        const [command = ""] = words.split(/ [|<>] /);
        const parts = [...command.matchAll(/'[^']*'|\S+/g)].map(([part]) => part.replaceAll("'", ""));
        const invocation = parseCommandLine(joined(parts, command), commands);
        assert.equal(invocation.kind === "command" && invocation.command.name, name, words);
      }
  });

  it("each can be loaded", async () => {
    for (const { name, load } of commands) assert.equal(typeof (await load()), "function", name);
  });
});

/** Defaults and bounds belong to a command, the meaning to the option. */
const meaningOf = (summary: string): string => summary.replaceAll(/\. (?:Default|Minimum|Maximum): .*$/g, "");

const imperative =
  /^(?:Start|Claim|Follow|List|Show|Explain|Decide|Send|Query|Update|Cancel|Pause|Resume|Retry|Delete|Preview|Draw|Simulate|Wait|Move|Check|Register|Archive|Convert|Create|Release|Print|Sign|Stream|Find|Prove|Race|Restart|Shut|Back|Restore|Import|Change|Drain|Put|Wake|Quarantine|Disable|Enable|Acquire|Set|Break|Add|Remove|Reserve|Reset|Lift|Replace|Revoke|Store|Rotate|Bind|Test|Apply|Roll|Replay|Post|Compare|Report|Search|Export|Verify|Serve|Acknowledge|Silence|End|Resolve)\b/;

/** Joins the parts as a shell does: quotes in the middle of a word do not split it. */
function joined(parts: readonly string[], command: string): string[] {
  return command.includes("='")
    ? command.replaceAll(/'([^']*)'/g, (_, inside: string) => inside.replaceAll(" ", "\u00a0")).split(" ")
    : [...parts];
}
