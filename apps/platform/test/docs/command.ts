/**
 * Lines of the command `tutti`, run in this process. The start of a process takes 0.1 s of processor time, and pages have
 * hundreds of lines. Lines that need a shell, a terminal or a script of their own run in a process.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./page.ts";

/** The used part of `apps/cli/src/effects/shell.ts`. It is repeated here, because an app imports no other app. */
interface Command {
  readonly run: (args: readonly string[], shell: object, version: string) => Promise<number>;
  readonly parse: (args: readonly string[]) => unknown;
  readonly filesBelow: (folder: string) => object;
  readonly systemTime: object;
  readonly listens: (host: string, port: number) => Promise<boolean>;
  readonly version: string;
}

let loaded: Promise<Command> | undefined;

function command(): Promise<Command> {
  loaded ??= (async () => {
    const of = (file: string) => import(pathToFileURL(join(root, "apps/cli/src", file)).href);
    const [cli, { parseCommandLine }, { commands }, shell, { version }] = [
      await of("cli.ts"),
      await of("command/command-line.ts"),
      await of("commands/commands.ts"),
      await of("effects/system-shell.ts"),
      await of("version.ts"),
    ];
    const { filesBelow, systemTime, listens } = shell;
    const parse = (args: readonly string[]) => parseCommandLine(args, commands);
    return { run: cli.runCommandLine, parse, filesBelow, systemTime, listens, version };
  })();
  return loaded;
}

/** Parses words like a shell. Returns undefined if the line has more than words: pipes, variables, patterns. */
function argsOf(line: string): readonly string[] | undefined {
  const args: string[] = [];
  let rest = line.trim();
  while (rest !== "") {
    const [all, text] = /^((?:[^\s'"\\|&;<>()$`*?[\]~#!{}]|'[^']*'|"[^"\\$`!]*")+)(?:\s+|$)/.exec(rest) ?? [];
    if (all === undefined || text === undefined) return undefined;
    args.push(
      text.replaceAll(
        /'([^']*)'|"([^"]*)"/g,
        (_, single?: string, double?: string) => single ?? double ?? "",
      ),
    );
    rest = rest.slice(all.length);
  }
  return args;
}

/** Matches a program of the page. A process can import it only once. */
const program = /\.[cm]?[jt]s$/;

/** Throws if the command of a line, or one of its options, does not exist. It is not run. */
export async function assertParses(line: string): Promise<void> {
  const args = argsOf(line);
  if (args !== undefined) (await command()).parse(args);
}

/** Returns the output and the exit code of a line. Undefined if the line needs a process. */
export async function runHere(
  line: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<{ readonly code: number; readonly output: string } | undefined> {
  const args = argsOf(line);
  if (args === undefined || args.some((arg) => arg === "-" || program.test(arg))) return undefined;
  const { run, filesBelow, systemTime, listens, version } = await command();
  let output = "";
  let isDelegated = false;
  const delegate = async () => {
    isDelegated = true;
    throw new Error("a script has a process of its own");
  };
  const sink = {
    ...{ isTerminal: false, hasColours: false, columns: 80, rows: 24 },
    write(text: string) {
      output += text;
    },
    onResize: () => () => {},
  };
  const shell = {
    ...{ output: sink, errors: sink, environment: { ...process.env, ...environment } },
    ...filesBelow(folder),
    ...systemTime,
    isAnswered: false,
    interrupted: AbortSignal.timeout(timeoutMs),
    ...{ runScript: delegate, handOver: delegate, listens },
    nodeVersion: process.versions.node,
    ask: async () => undefined,
  };
  const code = await run(args, shell, version);
  return isDelegated ? undefined : { code, output };
}
