/** Judges agents by their recorded runs. The testing kit runs on the Node of the platform. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import { runTool, toolJson } from "../../local/clone.ts";
import { unreadable } from "../../server/address.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

interface Replayed {
  readonly run: string;
  readonly same: boolean;
  readonly error: string;
  readonly missing: readonly string[];
  readonly added: readonly string[];
  readonly tokens: number;
}

interface Frozen {
  readonly definition: object;
  readonly tests: readonly { readonly run: string; readonly same: boolean; readonly error: string }[];
  readonly recordings: readonly object[];
}

interface Side {
  readonly mean: number;
  readonly failed: number;
  readonly errors: readonly string[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
}

interface Compared {
  readonly one: Side;
  readonly other: Side;
  readonly difference: { readonly mean: number; readonly low: number; readonly high: number };
  readonly better: string;
}

const pageSize = 500;

export async function replayAgents(context: Context): Promise<Result> {
  const { values, print } = context;
  const instructions = values.text("instructions");
  const deny = values.text("deny-calls");
  const changes = {
    ...(instructions !== undefined && { instructions }),
    ...(deny !== undefined && { deny }),
  };
  const { replays } = await judge<{ readonly replays: readonly Replayed[] }>(context, "replay", { changes });
  const isSame = replays.every(({ same }) => same);
  return {
    json: { replays },
    quiet: replays.filter(({ same }) => !same).map(({ run }) => run),
    draw: () => {
      for (const { run, same, error, missing, added, tokens } of replays) {
        const mark = same ? print.style.green("✓ same") : print.style.red("✗ differs");
        print.line(`${mark}  ${safe(run)}  ${print.style.dim(`${tokens} tokens recorded, 0 used`)}`);
        if (error !== "") print.line(`  fails: ${safe(error)}`);
        for (const call of missing) print.line(`  no longer calls ${safe(call)}`);
        for (const call of added) print.line(`  now calls ${safe(call)}`);
      }
    },
    exitCode: isSame ? exitCodes.completed : exitCodes.failed,
  };
}

export async function compareAgents(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const file = values.argument("FILE");
  const text = await shell.readText(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const compared = await judge<Compared>(context, "compare", { comparison: text });
  const { one, other, difference, better } = compared;
  return {
    json: compared,
    quiet: [better],
    draw: () => {
      const rows = Object.entries({ one, other }).map(([name, side]) => [
        { text: name, tone: "bold" as const },
        side.mean.toFixed(2),
        String(side.failed),
        String(side.inputTokens + side.outputTokens),
        `$${side.usd.toFixed(4)}`,
      ]);
      print.table(
        [
          { title: "agent" },
          { title: "score", align: "right" },
          { title: "failed", align: "right" },
          { title: "tokens", align: "right" },
          { title: "cost", align: "right" },
        ],
        rows,
      );
      for (const [name, side] of Object.entries({ one, other }))
        for (const error of side.errors) print.line(`${name} failed: ${safe(error)}`);
      const { mean, low, high } = difference;
      print.line(
        `\nother - one: ${mean.toFixed(2)}, with 95 % confidence ${low.toFixed(2)} to ${high.toFixed(2)}`,
      );
      print.line(
        better === "" ? "The cases are too few to decide which is better. Add runs." : `Better: ${better}`,
      );
    },
  };
}

export async function freezeAgent(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const name = values.text("workflow-name") ?? "frozen";
  const folder = values.text("out") ?? ".";
  const { definition, tests, recordings } = await judge<Frozen>(context, "freeze", { name });
  const { printDefinition } = await import("@tutti/definitions");
  const files = {
    [join(folder, `${name}.yaml`)]: printDefinition(
      definition as Parameters<typeof printDefinition>[0],
      "yaml",
    ),
    [join(folder, `${name}.recordings.json`)]: `${JSON.stringify(recordings, undefined, 2)}\n`,
    [join(folder, `${name}.test.mjs`)]: testOf(basename(name)),
  };
  for (const [path, text] of Object.entries(files)) await shell.writeText(path, text);
  const isSame = tests.every(({ same }) => same);
  return {
    json: { files: Object.keys(files), tests },
    quiet: Object.keys(files),
    draw: () => {
      for (const path of Object.keys(files)) print.line(`wrote ${safe(path)}`);
      for (const { run, same, error } of tests)
        print.line(
          same
            ? `${print.style.green("✓")} does the same as ${safe(run)}`
            : `${print.style.red("✗")} differs from ${safe(run)}${error === "" ? "" : `: ${safe(error)}`}`,
        );
    },
    exitCode: isSame ? exitCodes.completed : exitCodes.failed,
  };
}

function testOf(name: string): string {
  return `// The recorded runs of the agent are the tests of the workflow. Tools and model answer as recorded.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { playFrozen } from "@tutti/sdk/testing";

const file = (ending) => readFileSync(new URL(\`${name}.\${ending}\`, import.meta.url), "utf8");

for (const recording of JSON.parse(file("recordings.json")))
  it(\`does the same as \${recording.run}\`, async () => {
    const { same, output, error } = await playFrozen(file("yaml"), recording);
    assert.ok(same, error || \`expected the calls and the output of the recording, got \${JSON.stringify(output)}\`);
  });
`;
}

/** Has the testing kit judge the recorded runs that the command names. */
async function judge<Judged>(
  context: Context,
  command: "replay" | "compare" | "freeze",
  request: object,
): Promise<Judged> {
  const { values, shell } = context;
  const server = await connect(context);
  const runs: object[] = [];
  for (const run of values.manyArguments("RUN")) runs.push({ run, events: await eventsOf(server, run) });
  const task = values.text("task");
  const folder = await mkdtemp(join(tmpdir(), "tutti-recordings-"));
  try {
    const file = join(folder, "request.json");
    await writeFile(file, JSON.stringify({ ...request, runs, ...(task !== undefined && { task }) }));
    const subject = `tutti agent ${command}`;
    return toolJson(subject, await runTool(shell, subject, ["tools/agents.mjs", command, file])) as Judged;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function eventsOf(server: Server, run: string): Promise<readonly object[]> {
  const found: object[] = [];
  let token: string | undefined;
  do {
    const reply = await server.call("runs.history", {
      params: { id: run },
      query: { ...server.namespace, size: pageSize, ...(token === undefined ? {} : { token }) },
    });
    for (const { type, taskId: task = "", details = {} } of reply.events) found.push({ type, task, details });
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined);
  return found;
}
