/** Tests of the blocks on a page, by the kind of block. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkAdapterText,
  checkScheduleText,
  checkSessionText,
  checkSourceText,
  checkText,
  checkTriggerText,
  printProblem,
} from "@tutti/definitions";
import { Configuration, memorySources, type Section } from "@tutti/kernel";
import { eventually } from "@tutti/kernel/testing";
import { checkScenario } from "@tutti/load";
import { transform } from "esbuild";
import { Client } from "pg";
import { startPostgres } from "../../../../tools/postgres.mjs";
import { needsProgram } from "../../../../tools/programs.mjs";
import { assertParses } from "./command.ts";
import { assertShown, assertShownJson } from "./expected.ts";
import { type Block, root } from "./page.ts";
import { commandsOf, run, type Workshop } from "./workshop.ts";

/** State of a page's tests: its folder, and the output of the previous block. */
export interface Bench {
  readonly workshop: Workshop;
  readonly sections: readonly Section[];
  printed: string | undefined;
  /** Repeats the read-only lines at the end of the block and returns their output. Undefined without such lines. */
  readAgain?: (() => Promise<string>) | undefined;
}

type Kind = (block: Block, bench: Bench) => void | Promise<void>;

export const kinds: Readonly<Record<string, Kind>> = {
  async sh({ text, options }, bench) {
    bench.printed = "";
    // A program that npm does not provide.
    const { needs } = options;
    const program = needs === undefined ? undefined : await needsProgram(needs);
    if (program !== undefined && program.skip !== false) return;
    const commands = commandsOf(text).map((line) =>
      program === undefined ? line : line.replace(new RegExp(`^${needs}\\b`), program.path),
    );
    const print = async (lines: readonly string[]) => {
      let printed = "";
      for (const line of lines) printed += await bench.workshop.runLine(line, options["with"]);
      return printed;
    };
    const read = commands.findLastIndex((line) => !onlyReads.test(line)) + 1;
    const printed = await print(commands.slice(0, read));
    const readAgain = async () => printed + (await print(commands.slice(read)));
    bench.readAgain = read < commands.length ? readAgain : undefined;
    bench.printed = await readAgain();
  },

  async ts(block, bench) {
    const { text, options, place } = block;
    // The check `reference` covers generated blocks.
    if (options["kind"] === "declaration") assert.match(place, /^docs\/reference\/typescript\//);
    // Packages of others: libs/sdk/test/frameworks.nightly.ts installs and runs them.
    else if (options["kind"] === "framework") await transform(text, { loader: "ts" });
    else if (isChange(block)) assertApplies(block);
    else if (options["file"] !== undefined) bench.workshop.write(options["file"], text);
    else bench.printed = await bench.workshop.runProgram(text);
  },

  /** The package in sdk/python has Python, and a test that runs these blocks. */
  python({ text, options, place }, { workshop }) {
    const { file, kind } = options;
    if (kind === "declaration") return assert.equal(place.split(":")[0], "docs/reference/python.md");
    assert.ok(file !== undefined, `${place}: expected file=…, so that the package's test finds it`);
    workshop.write(file, text);
  },

  proto: assertApplies,

  async yaml({ text, options, place }, { workshop, sections }) {
    const { kind = "configuration", file } = options;
    if (kind === "configuration") assertConfigures(text, sections);
    else if (kind === "prometheus") await assertPrometheusAccepts(text, workshop);
    else if (kind === "kubernetes") await assertIsManifest(text, place);
    else if (kind === "workflow") assertDefines(text, place);
    else if (kind === "session") assertIsSession(text, place);
    else if (kind === "schedule") assertIsSchedule(text, place);
    else if (kind === "trigger") assertIsTrigger(text, place);
    else if (kind === "source") assertIsSource(text, place);
    else if (kind === "adapter") assertIsAdapter(text, place);
    else if (kind === "load") assertIsScenario(text, place);
    // A command on the page reads this block.
    else if (kind === "alerts" || kind === "applied")
      assert.ok(file !== undefined, `${place}: expected file=…`);
    else
      assert.fail(
        `${place}: expected kind=prometheus, kind=workflow, kind=session, kind=schedule, kind=trigger, kind=source, kind=adapter, kind=load, kind=alerts, kind=applied, kind=kubernetes or a configuration of Tutti`,
      );
    if (file !== undefined) workshop.write(file, text);
  },

  /** A real server executes the statements. */
  async sql({ text }) {
    const program = await needsProgram("postgres");
    if (program.skip !== false) return;
    await using server = await startPostgres(program.path);
    const client = new Client(server.url);
    await client.connect();
    await client.query(text).finally(() => client.end());
  },

  async json({ text, place }, bench) {
    if (bench.printed === undefined) JSON.parse(text);
    else await untilShown(bench, (printed) => assertShownJson(text, printed, place));
  },

  async text({ text, place, options }, bench) {
    await assertCommands(text);
    if (options["file"] !== undefined) bench.workshop.write(options["file"], text);
    // A transcript is no output of the block above.
    else if (bench.printed !== undefined && !text.startsWith("$ "))
      await untilShown(bench, (printed) => assertShown(text, printed, place));
  },

  mermaid({ text, place }) {
    assert.match(
      text,
      /^(flowchart (TB|TD|LR)|sequenceDiagram|stateDiagram-v2)\n/,
      `${place}: a kind of diagram`,
    );
    const opened = text.match(/^\s*(subgraph|alt|loop|par|opt|rect)\b/gm)?.length ?? 0;
    const closed = text.match(/^\s*end$/gm)?.length ?? 0;
    assert.equal(opened, closed, `${place}: what is opened has an end`);
    for (const pair of ["()", "[]", "{}"]) {
      const [open = "", close = ""] = pair;
      assert.equal(text.split(open).length, text.split(close).length, `${place}: ${pair} come in pairs`);
    }
  },
};

const onlyReads =
  /^(?:npx )?tutti (?:[a-z]+ )?(?:list|show|why|use|status|explain|history|versions|compare|files|find)\b/;
/** Waits until the output matches, because the effect of a line takes time. A reader would repeat the line too. */
async function untilShown(
  { printed = "", readAgain }: Bench,
  check: (printed: string) => void,
): Promise<void> {
  if (readAgain === undefined) return check(printed);
  let last: string | undefined = printed;
  const poll = async () => {
    const output = last ?? (await readAgain());
    last = undefined;
    check(output);
  };
  await eventually(poll, (error) => error instanceof assert.AssertionError || error instanceof SyntaxError);
}

/** Asserts that the commands of a transcript exist, with their options: lines that start with `$ `. */
async function assertCommands(text: string): Promise<void> {
  const lines = text.replaceAll("\\\n", " ").split("\n");
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const line of lines.filter((each) => each.startsWith("$ ")))
    for (const command of line.slice(2).split(" && ")) {
      const [, tutti] = /^(?:[A-Z_]+=\S* )*(?:npx )?tutti (.*)$/.exec(command) ?? [];
      if (tutti !== undefined) await assertParses(tutti);
      const [, script] = /^npm run (\S+)/.exec(command) ?? [];
      if (script !== undefined) assert.ok(scripts[script], `package.json has no script ${script}`);
    }
}

/** True for a block that changes a file of the repository: steps of CONTRIBUTING, which a slow test executes. */
export function isChange({ options }: Block): boolean {
  return options["file"] !== undefined && (anchorOf(options) !== undefined || options["create"] === "yes");
}

/** Asserts that a change applies: its anchor occurs once in the file, or the file that it creates does not exist. */
function assertApplies({ options, place }: Block): void {
  const { file = "" } = options;
  if (options["create"] === "yes") {
    assert.ok(!existsSync(join(root, file)), `${place}: expected no file ${file}`);
    return;
  }
  const anchor = anchorOf(options);
  assert.ok(existsSync(join(root, file)), `${place}: expected the file ${file}`);
  assert.ok(anchor, `${place}: expected after="…", before="…", replace="…" or create=yes`);
  const times = readFileSync(join(root, file), "utf8").split(anchor).length - 1;
  assert.equal(times, 1, `${place}: expected ${JSON.stringify(anchor)} once in ${file}`);
}

function anchorOf(options: Block["options"]): string | undefined {
  return options["after"] ?? options["before"] ?? options["replace"];
}

/** Asserts that the text is a valid configuration. Secrets that it refers to are assumed to exist. */
function assertConfigures(text: string, sections: readonly Section[]): void {
  const references = [...text.matchAll(/\b(env|file):([\w./-]+)/g)];
  const named = (kind: string) =>
    Object.fromEntries(
      references.filter(([, each]) => each === kind).map(([, , name = ""]) => [name, "secret"]),
    );
  const files = { "/tutti.yaml": text, ...named("file") };
  Configuration.load({ sections, sources: memorySources({ environment: named("env"), files }) });
}

/** Asserts that the text is a valid definition. */
function assertDefines(text: string, place: string): void {
  const { problems } = checkText({ format: "yaml", text, fileName: place });
  assert.deepEqual(problems.map(printProblem), []);
}

/** Asserts that the text is a valid session. */
function assertIsSession(text: string, place: string): void {
  const { problems } = checkSessionText({ format: "yaml", text, fileName: place });
  assert.deepEqual(problems.map(printProblem), []);
}

/** Asserts that the text is a valid schedule. */
function assertIsSchedule(text: string, place: string): void {
  const { problems } = checkScheduleText({ format: "yaml", text, fileName: place });
  assert.deepEqual(problems.map(printProblem), []);
}

function assertIsTrigger(text: string, place: string): void {
  const { problems } = checkTriggerText({ format: "yaml", text, fileName: place });
  assert.deepEqual(problems.map(printProblem), []);
}

function assertIsSource(text: string, place: string): void {
  const { problems } = checkSourceText({ format: "yaml", text, fileName: place });
  assert.deepEqual(problems.map(printProblem), []);
}

function assertIsAdapter(text: string, place: string): void {
  const { problems } = checkAdapterText({ format: "yaml", text, fileName: place });
  assert.deepEqual(problems.map(printProblem), []);
}

function assertIsScenario(text: string, place: string): void {
  const { problems } = checkScenario({ format: "yaml", text, fileName: place });
  assert.deepEqual(problems.map(printProblem), []);
}

/** Asserts that the text is a valid object of Kubernetes, by its schema. */
async function assertIsManifest(text: string, place: string): Promise<void> {
  const { cannotRender, carried, problemsOf } = await import("../../../../tools/test/deploy/rendered.mjs");
  if (cannotRender === false) assert.deepEqual(await problemsOf(carried.load("yaml").parse(text)), [], place);
}

/** Asserts that Prometheus itself accepts the text as its configuration. */
async function assertPrometheusAccepts(text: string, workshop: Workshop): Promise<void> {
  const promtool = await needsProgram("promtool");
  if (promtool.skip !== false) return;
  workshop.write("prometheus.yml", text);
  // Files in the configuration exist only for the reader.
  await run(promtool.path, ["check", "config", "--syntax-only", "prometheus.yml"], workshop.folder);
}
