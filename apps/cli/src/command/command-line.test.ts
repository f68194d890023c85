import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../commands/commands.ts";
import { withoutColours as style } from "../terminal/style.ts";
import { type ParsedCommandLine, parseCommandLine } from "./command-line.ts";
import { drawFailure, Failure } from "./failure.ts";

const read = (line: string): ParsedCommandLine =>
  parseCommandLine(
    line.split(" ").filter((arg) => arg !== ""),
    commands,
  );

function command(line: string): Extract<ParsedCommandLine, { kind: "command" }> {
  const invocation = read(line);
  assert.equal(invocation.kind, "command");
  return invocation as Extract<ParsedCommandLine, { kind: "command" }>;
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
  it("keys of the configuration go to the platform as they were written, with or without `=`", () => {
    const { values } = command(
      "dev --platform.dataDirectory x --port auto --log.level=debug --platform.paused",
    );
    assert.deepEqual(values.keys(), ["--platform.dataDirectory=x", "--log.level=debug", "--platform.paused"]);
    assert.equal(values.text("port"), "auto");
  });

  it("a command accepts its arguments and options in any order", () => {
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

  it("a command of two words is found, also after global options", () => {
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

  it("a plural lists, with the options of its command", () => {
    for (const [line, name] of [
      ["agents", "agent list"],
      ["policies --json", "policy list"],
      ["pools --size 5", "pool list"],
    ] as const)
      assert.equal(command(line).command.name, name);
    assert.match(refusal("runs"), /tutti list/);
    assert.match(refusal("nothings"), /not found/);
  });

  it("nothing after -- is an option, and a negative number never is", () => {
    assert.deepEqual(command("signal a b -- --x").values.manyArguments("DATA"), ["--x"]);
    assert.deepEqual(command("signal a b -5").values.manyArguments("DATA"), ["-5"]);
  });

  it("values may follow an equals sign, and may contain equals signs", () =>
    assert.equal(command("run x --id=a=b").values.text("id"), "a=b"));

  it("one word may list several states", () =>
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

  it("`tutti help --all` asks for help about every command", () =>
    assert.deepEqual(read("help --all"), { kind: "help", about: "", isAll: true }));

  it("--version asks for the version", () => assert.deepEqual(read("--version"), { kind: "version" }));

  const refusals: readonly (readonly [string, RegExp])[] = [
    ["lits", /Command `tutti lits` not found\.\n {2}Did you mean `tutti list`\?/],
    [
      "workflow chekc x",
      /Command `tutti workflow chekc` not found\.\n {2}Did you mean `tutti workflow check`\?/,
    ],
    ["terminate order-18", /Did you mean `tutti cancel ID --now`\?/],
    ["ls", /Did you mean `tutti list`\?/],
    ["workers", /Did you mean `tutti agent list`\?/],
    ["start", /Did you mean `tutti run FILE`\?\n {2}tutti dev\s+starts the platform in this folder\n/],
    ["order.yaml", /Did you mean `tutti run order.yaml`\?/],
    ["help lits", /Did you mean `tutti list`\?/],
    [
      "list --stat failed",
      /Option `--stat` not found\.\n {2}Did you mean `--state`\?\n {2}tutti list --help/,
    ],
    ["run hello --name Anna", /Option `--name` not found\.\n {2}name=VALUE\s+is a field of the input/],
    ["list --log.level=debug", /Option `--log.level` not found\./],
    ["--sever x list", /Option `--sever` not found\.\n {2}Did you mean `--server`\?/],
    ["list --state faild", /--state: expected one of pending, .*got `faild`\.\n {2}Did you mean `failed`\?/s],
    ["show", /ID is missing: id of a run, mission or session\.\n {2}Usage: tutti show ID \[TASK\]/],
    ["show a b c", /Unexpected word `c`\./],
    ["run x --id", /--id needs a value: ID\./],
    ["run x --id a --id b", /--id can be set once, got 2 values\./],
    ["run x --detach=maybe", /--detach takes no value, got `maybe`\./],
    ["--json", /Command missing/],
  ];
  for (const [line, pattern] of refusals)
    it(`\`tutti ${line}\` is refused in words that help`, () => assert.match(refusal(line), pattern));

  // An unset variable of a shell is an empty word. As a filter it would match all runs, as a restriction none.
  const empties: readonly (readonly [args: readonly string[], words: RegExp])[] = [
    [
      ["show", ""],
      /ID is empty: id of a run, mission or session\.\n {2}If the value comes from a variable.*\n {2}Usage: tutti show ID/,
    ],
    [["resume", ""], /ID is empty/],
    [["workflow", "check", "a.yaml", ""], /FILE is empty/],
    [
      ["cancel", "--state", "running", "--workflow", ""],
      /--workflow needs a value: NAME, got an empty text\./,
    ],
    [["cancel", "--text="], /--text needs a value: TEXT, got an empty text\./],
    [["key", "create", "--title", "x", "--offer", ""], /--offer needs a value: PATTERN, got an empty text\./],
    [["list", "--namespace", ""], /--namespace needs a value: NAME, got an empty text\./],
  ];
  for (const [args, pattern] of empties)
    it(`\`tutti ${args.map((arg) => (arg === "" ? '""' : arg)).join(" ")}\` is refused`, () =>
      assert.throws(
        () => parseCommandLine(args, commands),
        (error: unknown) =>
          error instanceof Failure && pattern.test(drawFailure(error, { style, width: 80 }).join("\n")),
      ));

  it("an empty text is a value of a description, a prefix, a page token and a word of a program", () => {
    for (const args of [
      ["pool", "update", "default", "--description", ""],
      ["workflow", "list", "", "--page", ""],
      ["scaler", "create", "crew", "--", "node", ""],
    ])
      assert.equal(parseCommandLine(args, commands).kind, "command");
  });

  const values: readonly (readonly [
    line: string,
    read: (invocation: ReturnType<typeof command>) => unknown,
    words: RegExp,
  ])[] = [
    [
      "list --size many",
      ({ values }) => values.integer("size"),
      /--size: expected a whole number, got `many`/,
    ],
    [
      "list --since tomorrow",
      ({ values }) => values.momentMs("since", 0),
      /--since: expected a time.*got `tomorrow`/s,
    ],
    [
      "run x --timeout 5",
      ({ values }) => values.durationMs("timeout"),
      /--timeout: expected a duration such as 30s or 1h30m, got `5`/,
    ],
    ["list --size -3", ({ values }) => values.integer("size", 1), /--size: expected at least 1, got -3/],
    [
      "list --since 2030-01-01",
      ({ values }) => values.pastSpan(0),
      /--since: expected a time before now, got `2030-01-01`/,
    ],
    [
      "list --since 2026-03-02 --until 2026-03-01",
      ({ values }) => values.pastSpan(Date.parse("2026-04-01")),
      /--since: expected a time before --until, got `2026-03-02`/,
    ],
    ["list --label a", ({ values }) => values.labels("label"), /--label: expected NAME=VALUE, got `a`/],
  ];
  for (const [line, parse, pattern] of values)
    it(`\`tutti ${line}\` is refused with the expected form of the value`, () =>
      assert.throws(() => parse(command(line)), pattern));
});
