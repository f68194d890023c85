import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutColours as style } from "../terminal/style.ts";
import { commands } from "./commands.ts";
import { drawFailure, Failure } from "./failure.ts";
import { type Asked, readWords } from "./words.ts";

const read = (line: string): Asked =>
  readWords(
    line.split(" ").filter((word) => word !== ""),
    commands,
  );

function command(line: string): Extract<Asked, { kind: "command" }> {
  const asked = read(line);
  assert.equal(asked.kind, "command");
  return asked as Extract<Asked, { kind: "command" }>;
}

function refusal(line: string): string {
  try {
    read(line);
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.exitCode, 2);
    return drawFailure(error, { style, width: 80 }).join("\n");
  }
  return assert.fail(`expected ${line} to be refused`);
}

describe("words of a command line", () => {
  it("a command has its arguments and options, wherever they stand", () => {
    const { command: found, values } = command(
      "run order.yaml --detach articles=2 -l a=b --label c=d -i @x.json",
    );
    assert.equal(found.name, "run");
    assert.equal(values.argument("FILE|NAME"), "order.yaml");
    assert.deepEqual(values.manyArguments("KEY=VALUE"), ["articles=2"]);
    assert.equal(values.flag("detach"), true);
    assert.equal(values.flag("watch"), false);
    assert.deepEqual(values.labels("label"), { a: "b", c: "d" });
    assert.deepEqual(values.texts("input"), ["@x.json"]);
  });

  it("a command of two words is found, and options of every command may stand before it", () => {
    const { command: found, values } = command("--server http://there:1 --json -n shop workflow list or");
    assert.equal(found.name, "workflow list");
    assert.deepEqual(
      [
        values.text("server"),
        values.flag("json"),
        values.text("namespace"),
        values.optionalArgument("PREFIX"),
      ],
      ["http://there:1", true, "shop", "or"],
    );
  });

  it("behind -- nothing is an option, and a number below zero never is", () => {
    assert.deepEqual(command("signal a b -- --x").values.manyArguments("DATA"), ["--x"]);
    assert.deepEqual(command("signal a b -5").values.manyArguments("DATA"), ["-5"]);
  });

  it("values may stand behind an equals sign, with equals signs in them", () =>
    assert.equal(command("run x --id=a=b").values.text("id"), "a=b"));

  it("several states may stand in one word", () =>
    assert.deepEqual(command("list --state failed,running --state paused").values.list("state"), [
      "failed",
      "running",
      "paused",
    ]));

  const helps: readonly (readonly [string, string])[] = [
    ["", ""],
    ["--help", ""],
    ["help", ""],
    ["help run", "run"],
    ["run --help", "run"],
    ["run x -h", "run"],
    ["workflow", "workflow"],
    ["workflow --help", "workflow"],
    ["help schedule create", "schedule create"],
  ];
  for (const [line, about] of helps)
    it(`\`tutti ${line}\` asks for help about ${about === "" ? "everything" : about}`, () =>
      assert.deepEqual(read(line), { kind: "help", about }));

  it("--version asks for the version", () => assert.deepEqual(read("--version"), { kind: "version" }));

  const refusals: readonly (readonly [string, RegExp])[] = [
    ["lits", /there is no command `lits`\n {2}Did you mean `tutti list`\?/],
    ["workflow chekc x", /no command `workflow chekc`\n {2}Did you mean `tutti workflow check`\?/],
    ["order.yaml", /Did you mean `tutti run order.yaml`\?/],
    ["help lits", /Did you mean `tutti list`\?/],
    ["list --stat failed", /no option `--stat`\n {2}Did you mean `--state`\?\n {2}tutti list --help/],
    ["--sever x list", /no option `--sever`\n {2}Did you mean `--server`\?/],
    ["list --state faild", /--state to be one of pending, .*found `faild`\n {2}Did you mean `failed`\?/s],
    ["show", /expected ID: the run\n {2}Usage: tutti show ID \[TASK\]/],
    ["show a b c", /`c` is one word more than expected/],
    ["run x --id", /expected ID behind --id, found nothing/],
    ["run x --id a --id b", /expected --id once, found it 2 times/],
    ["run x --detach=maybe", /--detach takes no value, found `maybe`/],
    ["--json", /expected a command/],
  ];
  for (const [line, words] of refusals)
    it(`\`tutti ${line}\` is refused in words that help`, () => assert.match(refusal(line), words));

  const values: readonly (readonly [
    line: string,
    read: (asked: ReturnType<typeof command>) => unknown,
    words: RegExp,
  ])[] = [
    ["list --size many", ({ values }) => values.whole("size"), /whole number behind --size, found `many`/],
    [
      "list --since tomorrow",
      ({ values }) => values.momentMs("since", 0),
      /a moment behind --since.*found `tomorrow`/s,
    ],
    [
      "run x --for 5",
      ({ values }) => values.durationMs("for"),
      /a span like 30s or 1h30m behind --for, found `5`/,
    ],
    ["list --label a", ({ values }) => values.labels("label"), /NAME=VALUE behind --label, found `a`/],
  ];
  for (const [line, take, words] of values)
    it(`\`tutti ${line}\` says what was expected`, () => assert.throws(() => take(command(line)), words));
});
