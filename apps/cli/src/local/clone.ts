/** Finds the package or the clone of Tutti that this command is part of. Some commands run its programs. */
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import type { ScriptRun, Shell } from "../effects/shell.ts";

/** Returns the folder of the clone. Undefined without one. */
function cloneOf(shell: Place, own = import.meta.url): string | undefined {
  // A bundle lies in apps/cli/dist, a source deeper below. An installed package has no clone around it.
  return cloneAround(dirname(fileURLToPath(own)), shell) ?? cloneAround(shell.workingDirectory, shell);
}

function cloneAround(folder: string, shell: Pick<Shell, "exists">): string | undefined {
  const isClone = ["tools/run.mjs", "apps/platform/src/main.ts", "proto"].every((path) =>
    shell.exists(join(folder, path)),
  );
  if (isClone) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : cloneAround(above, shell);
}

interface Script {
  readonly script: string;
  readonly args: readonly string[];
}

type Place = Pick<Shell, "exists" | "workingDirectory">;

/** Programs next to the platform: each is a bundle of the package, and a source of the clone. */
const programs = {
  main: "apps/platform/src/main.ts",
  cluster: "apps/cluster/src/program.ts",
  "demo-agents": "examples/demonstration/agents/demo.ts",
  "demo-kill-worker": "examples/demonstration/proof/worker.ts",
  "demo-race": "examples/demonstration/race/race.ts",
  template: "examples/template.ts",
} as const;
export type Program = keyof typeof programs;

/** The programs of the package or the clone, for commands that start them. */
export interface Platform {
  /** Resolves to the Node of the platform and the environment of its programs. */
  setUp(report: (line: string) => void): Promise<Ready>;
  /** A module that ends a program with its parent process. */
  readonly leash: string;
  pathOf(program: Program): string;
  /** Folder of the templates, with a folder for each kind. */
  readonly examples: string;
  /** Path of the workflow of `tutti demo kill`. */
  readonly demoKillWorkflow: string;
}

export interface Ready {
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @param subject the command, for the message when there is no platform */
export function platformOf(shell: Place, subject: string, own = import.meta.url): Platform {
  const start = startOf(shell, subject, own);
  const root = start.isPackage ? dirname(start.script) : dirname(dirname(start.script));
  const path = (ofPackage: string, ofClone: string): string =>
    join(root, start.isPackage ? ofPackage : ofClone);
  const setUpFile = path("setup.mjs", "tools/setup.mjs");
  return {
    async setUp(report) {
      const module: Pick<Platform, "setUp"> = await import(pathToFileURL(setUpFile).href);
      return await module.setUp(report);
    },
    leash: path("leash.mjs", "tools/leash.mjs"),
    pathOf: (program) => path(`${program}.mjs`, programs[program]),
    examples: path("examples", "examples"),
    demoKillWorkflow: path("demo-kill.yaml", "examples/demonstration/proof/transfer.yaml"),
  };
}

/** Gives the terminal to a program of the package or the clone. */
export async function handOverToProgram(
  shell: Place & Pick<Shell, "handOver">,
  subject: string,
  [program, ...args]: readonly [Program, ...string[]],
  variables: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { script, isPackage } = startOf(shell, subject);
  if (isPackage) return await shell.handOver(script, [program, ...args], variables);
  return await shell.handOver(join(dirname(script), "run.mjs"), [programs[program], ...args], variables);
}

function startOf(shell: Place, subject: string, own = import.meta.url): PlatformStart {
  const start = platformStart(shell, own);
  if (start !== undefined) return start;
  throw withoutPlatform(subject);
}

function withoutPlatform(subject: string): Failure {
  return new Failure(`${subject} needs the platform. This installation has the CLI alone.`, {
    next: ["Install the package `tutti`, which includes the platform: npm install tutti"],
    exitCode: exitCodes.usage,
    code: "no_platform",
  });
}

export interface PlatformStart extends Script {
  readonly isPackage: boolean;
}

/** Returns the program that starts the platform, from the package of this command or else from the clone. */
export function platformStart(shell: Place, own = import.meta.url): PlatformStart | undefined {
  const script = packaged(shell, "start.mjs", own);
  if (script !== undefined) return { script, args: [], isPackage: true };
  const clone = cloneOf(shell, own);
  if (clone === undefined) return undefined;
  return { script: join(clone, "tools/start.mjs"), args: ["--empty"], isPackage: false };
}

/** Returns a file of the platform in the package of this command. */
function packaged(shell: Pick<Shell, "exists">, name: string, own: string): string | undefined {
  // A chunk of the bundle lies in dist/chunks of the package.
  return ["..", "../.."]
    .map((root) => join(dirname(fileURLToPath(own)), root, "platform", name))
    .find((file) => shell.exists(file));
}

/** Whether `tools/NAME.mjs` can run here. */
export function hasTool(shell: Place, name: string, own = import.meta.url): boolean {
  return packaged(shell, `tool-${name}.mjs`, own) !== undefined || cloneOf(shell, own) !== undefined;
}

/** Runs a tool of the package or the clone. */
export async function runTool(
  shell: Place & Pick<Shell, "runScript">,
  subject: string,
  args: readonly [tool: string, ...words: string[]],
): Promise<ScriptRun> {
  const run = toolIn(shell, subject, args);
  return await shell.runScript(run.script, run.args);
}

/** Gives the terminal to a tool of the package or the clone. */
export async function handOverTo(
  shell: Place & Pick<Shell, "handOver">,
  subject: string,
  args: readonly [tool: string, ...words: string[]],
): Promise<number> {
  const run = toolIn(shell, subject, args);
  return await shell.handOver(run.script, run.args);
}

function toolIn(
  shell: Place,
  subject: string,
  [tool, ...args]: readonly [tool: string, ...words: string[]],
  own = import.meta.url,
): Script {
  const name = basename(tool, ".mjs");
  const runner = packaged(shell, `tool-${name}.mjs`, own) && packaged(shell, "tool.mjs", own);
  if (runner !== undefined) return { script: runner, args: [name, ...args] };
  const clone = cloneOf(shell, own);
  if (clone === undefined) throw withoutPlatform(subject);
  return { script: join(clone, "tools/run.mjs"), args: [tool, ...args] };
}

/** Returns the JSON output of a tool. If the tool failed, throws its error output. */
export function toolJson(subject: string, { output, errors, exitCode }: ScriptRun): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw new Failure(`${subject} failed.`, {
      why: `${errors}${output}`.trim().split("\n").slice(0, 12),
      exitCode: exitCode === 2 ? exitCodes.usage : exitCodes.failed,
      code: "tool_failed",
    });
  }
}
