import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { until } from "@tutti/kernel/testing";
import { runCommandLine } from "../../src/cli.ts";
import { filesBelow, systemTime } from "../../src/effects/system-shell.ts";
import { memoryShell } from "../../src/testing/memory-shell.ts";
import { version } from "../../src/version.ts";
import { BuiltCommand, type CommandOptions, type Ended } from "./command.ts";
import { PlatformProcess } from "./platform.ts";
import { PollingWorker, type Work } from "./worker.ts";

interface Setup {
  /** Files in the folder of the command in addition to `echo.yaml`: text by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** The files to register, as words. */
  readonly registered?: string;
  /** Handlers of the worker in addition to `test.echo`. */
  readonly handlers?: Readonly<Record<string, Work>>;
  /** Flags of the platform. */
  readonly flags?: readonly string[];
}

interface LineOptions extends CommandOptions {
  /** Answers the questions of the command, which then runs in this process. */
  readonly answer?: (() => Promise<string>) | undefined;
}

/** Registered for every suite. */
export const echoDefinition = `workflow: echo
description: Gives back what it is given.
tasks:
  one: {uses: test.echo, with: {a: "\${{ input.a }}"}}
output: "\${{ tasks.one.output }}"
`;

/**
 * Returns the built CLI, a platform with its address, and a worker, for the tests of a suite. The first line, and lines
 * with an input or in another folder, run as processes. The others run here, because the start takes most of the time
 * of a process.
 */
export function commandAtWork({ files, registered = "", handlers, flags = [] }: Setup) {
  let command: BuiltCommand;
  let platform: PlatformProcess;
  let worker: PollingWorker;
  let runs = 0;

  before(async () => {
    [command, platform] = await Promise.all([BuiltCommand.build(), PlatformProcess.start(...flags)]);
    for (const [name, text] of Object.entries({ "echo.yaml": echoDefinition, ...files }))
      writeFileSync(join(command.folder, name), text);
    await printed(`workflow register echo.yaml ${registered}`.trimEnd());
    worker = new PollingWorker(platform.url, { "test.echo": (input) => input, ...handlers });
    await listed("agent list", /polling-1/);
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
    command?.[Symbol.dispose]();
  });

  async function tutti(line: string, options: LineOptions = {}): Promise<Ended> {
    const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
    const environment = { TUTTI_SERVER: platform.url, ...options.environment };
    const { answer } = options;
    const isFirst = runs++ === 0;
    const needsProcess =
      answer === undefined && (options.cwd !== undefined || options.input !== undefined || isFirst);
    const ended = needsProcess
      ? await command.run(args, { cwd: command.folder, ...options, environment })
      : await runHere(args, command.folder, { environment, answer });
    // No terminal obeys the text of users.
    assert.ok(!(ended.output + ended.errors).includes("\u001b"), line);
    return ended;
  }

  /** Runs a line that must succeed, and returns its output. */
  async function printed(line: string, options: LineOptions = {}): Promise<string> {
    const { exitCode, output, errors } = await tutti(line, options);
    assert.equal(exitCode, 0, `tutti ${line}: ${errors}${output}`);
    return output;
  }

  /** Waits until a list has a new object, because lists are a moment behind. */
  async function listed(line: string, pattern: RegExp): Promise<void> {
    await until(
      line,
      () => printed(line),
      (output) => pattern.test(output),
    );
  }

  return {
    tutti,
    printed,
    // The JSON documents are replies of the routes, which have tests of their own.
    // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
    json: async (line: string): Promise<any> => JSON.parse(await printed(`${line} --json`)),
    listed,
    get command() {
      return command;
    },
    get platform() {
      return platform;
    },
  };
}

async function runHere(
  args: readonly string[],
  folder: string,
  { environment, answer }: Pick<LineOptions, "environment" | "answer">,
): Promise<Ended> {
  const shell = {
    ...memoryShell({ environment: environment ?? {} }),
    ...filesBelow(folder),
    ...systemTime,
    ...(answer !== undefined && { isAnswered: true, prompt: answer }),
  };
  const exitCode = await runCommandLine(args, shell, version);
  return { exitCode, output: shell.output.text, errors: shell.errors.text };
}
