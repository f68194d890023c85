import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryShell } from "../testing/memory-shell.ts";
import { type Outcome, Presenter } from "./presenter.ts";

describe("the presenter", () => {
  type Reader = ConstructorParameters<typeof Presenter>[1]["reader"];
  const command = { name: "thing list" };
  const setUp = (reader: Reader) => {
    const shell = memoryShell();
    const presenter = new Presenter(shell, { reader });
    return { shell, presenter, print: presenter.print };
  };

  const cases: readonly {
    readonly title: string;
    readonly outcome?: Partial<Outcome>;
    readonly reader: Reader;
    readonly prints: string;
  }[] = [
    { title: "draws for people", outcome: { quiet: ["a"] }, reader: "people", prints: "drawn\n" },
    { title: "prints one document as JSON", reader: "json", prints: '{"id":"a"}\n' },
    { title: "prints no document", outcome: { json: undefined }, reader: "json", prints: "" },
    { title: "prints the quiet lines", outcome: { quiet: ["a", "b"] }, reader: "quiet", prints: "a\nb\n" },
    { title: "prints nothing without quiet lines", outcome: { quiet: [] }, reader: "quiet", prints: "" },
    { title: "draws with --quiet if the command has no quiet form", reader: "quiet", prints: "drawn\n" },
  ];
  for (const { title, outcome, reader, prints } of cases)
    it(title, async () => {
      const { shell, presenter, print } = setUp(reader);
      const fullOutcome: Outcome = { json: { id: "a" }, draw: () => print.line("drawn"), ...outcome };
      assert.equal(await presenter.present(fullOutcome, command), 0);
      assert.equal(shell.output.text, prints);
      assert.equal(await presenter.present({ ...fullOutcome, exitCode: 3 }, command), 3);
    });

  it("prints commands as they are typed if npx starts the CLI, and values unchanged", () => {
    const shell = memoryShell({ environment: { npm_command: "exec" } });
    const { print } = new Presenter(shell, { reader: "people" });
    print.line("tutti approve a");
    print.section("output", "tutti approve a");
    print.note("Why a run waits: tutti why a");
    assert.equal(shell.output.text, 'npx tutti approve a\n\noutput\n  "tutti approve a"\n');
    assert.equal(shell.errors.text, "Why a run waits: npx tutti why a\n");
    const json = memoryShell({ environment: { npm_command: "exec" } });
    new Presenter(json, { reader: "json" }).print.errorLines(["tutti approve a"]);
    assert.equal(json.errors.text, "tutti approve a\n");
  });

  it("passes on an exit code", async () => {
    const { shell, presenter } = setUp("json");
    assert.equal(await presenter.present(8, command), 8);
    assert.equal(shell.output.text, "");
  });

  const pages: readonly {
    readonly title: string;
    readonly reader: Reader;
    readonly nextToken?: string;
    readonly empty?: string;
    readonly prints: string;
    readonly notes: string;
  }[] = [
    { title: "the last page", reader: "people", prints: "drawn\n", notes: "" },
    {
      ...{ title: "a page with more behind it", reader: "people", nextToken: "t2", prints: "drawn\n" },
      notes: "\nShow more: tutti thing list --all, or --page t2\n",
    },
    {
      title: "an empty page",
      reader: "people",
      empty: "No things yet.",
      prints: "",
      notes: "No things yet.\n",
    },
    {
      title: "an empty page as JSON",
      reader: "json",
      empty: "No things yet.",
      prints: '{"things":[]}\n',
      notes: "",
    },
    {
      ...{ title: "the token as JSON", reader: "json", nextToken: "t2", notes: "" },
      prints: '{"things":[],"nextToken":"t2"}\n',
    },
    { title: "no command for more with --quiet", reader: "quiet", nextToken: "t2", prints: "a\n", notes: "" },
  ];
  for (const { title, reader, nextToken, empty, prints, notes } of pages)
    it(`shows ${title}`, async () => {
      const { shell, presenter, print } = setUp(reader);
      const page = { json: { things: [] }, quiet: ["a"], draw: () => print.line("drawn"), nextToken, empty };
      await presenter.present(page, command);
      assert.deepEqual([shell.output.text, shell.errors.text], [prints, notes]);
    });

  it("shows the next action if an outcome that is no page is empty", async () => {
    const { shell, presenter, print } = setUp("people");
    await presenter.present({ json: {}, empty: "No tasks.", draw: () => print.line("drawn") }, command);
    assert.deepEqual([shell.output.text, shell.errors.text], ["", "No tasks.\n"]);
  });

  it("prints each record of a stream, as a line of JSON on a terminal too", async () => {
    const shell = memoryShell({ terminal: { columns: 80, rows: 24 } });
    const presenter = new Presenter(shell, { reader: "json" });
    const exitCode = await presenter.present(
      {
        follow: async (emit) => {
          for (const id of ["a", "b"]) emit({ json: { id } });
          return 8;
        },
      },
      command,
    );
    assert.equal(exitCode, 8);
    assert.equal(shell.output.text, '{"id":"a"}\n{"id":"b"}\n');
  });

  const kinds = [
    { title: "draws frames on a terminal", kind: "drawn" },
    { title: "reports lines on a dumb terminal", environment: { TERM: "dumb" }, kind: "lines" },
    { title: "reports lines elsewhere", isTerminal: false, kind: "lines" },
    { title: "shows no progress with --json", reader: "json", kind: "none" },
    { title: "shows no progress with --quiet", reader: "quiet", kind: "none" },
    { title: "shows wanted progress with --json", reader: "json", isWanted: true, kind: "drawn" },
    { title: "shows no unwanted progress", isWanted: false, kind: "none" },
  ] as const;
  for (const { title, kind, ...rest } of kinds)
    it(title, () => {
      const { environment, isTerminal, reader, isWanted }: Partial<Progress> = rest;
      const shell = memoryShell({
        ...(isTerminal === false ? {} : { terminal: { columns: 80, rows: 24 } }),
        ...(environment === undefined ? {} : { environment }),
      });
      const { print } = new Presenter(shell, { reader: reader ?? "people" });
      assert.equal(print.frames("errors", isWanted).kind, kind);
    });

  interface Progress {
    readonly environment: Readonly<Record<string, string>>;
    readonly isTerminal: boolean;
    readonly reader: Reader;
    readonly isWanted: boolean;
  }
});
