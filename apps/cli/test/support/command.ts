import { execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const packageFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const workspaceFolder = dirname(dirname(packageFolder));

/** The Node that runs the command. It must also run on Node 18, while the tests need a newer one. */
const nodeOfCommand = process.env["NODE_OF_COMMAND"] ?? process.execPath;

export interface Ended {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
}

/** The installed command: the bundle that the test runner has built, or a new one, and its program. */
export class BuiltCommand implements Disposable {
  readonly folder: string;
  /** Path of the script for Node. */
  readonly program: string;

  static async build(): Promise<BuiltCommand> {
    const built = new BuiltCommand();
    const dist = join(built.folder, "dist");
    const prebuilt = process.env["TEST_COMMAND"];
    if (prebuilt !== undefined) cpSync(dirname(prebuilt), dist, { recursive: true });
    else await promisify(execFile)(process.execPath, [join(packageFolder, "build.mjs"), "--out", dist]);
    cpSync(join(packageFolder, "bin"), join(built.folder, "bin"), { recursive: true });
    return built;
  }

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "tutti-command-"));
    this.program = join(this.folder, "bin", "tutti.mjs");
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs it to its end. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    return runToEnd(nodeOfCommand, [this.program, ...args], options);
  }

  /** Starts it, so that a test can read its output while it runs. */
  start(args: readonly string[], { environment = {}, cwd }: CommandOptions = {}): Running {
    return new Running(nodeOfCommand, [this.program, ...args], environment, cwd ?? this.folder);
  }

  /** Starts it on a terminal with the given columns and rows, which `script` creates. */
  startOnTerminal(
    args: readonly string[],
    { columns, rows, environment = {} }: { readonly columns: number; readonly rows: number } & CommandOptions,
  ): Running {
    const line = [nodeOfCommand, this.program, ...args].map((arg) => `'${arg}'`).join(" ");
    const command = `stty cols ${columns} rows ${rows}; ${line}`;
    return new Running(
      "script",
      ["-qefc", command, "/dev/null"],
      { TERM: "xterm-256color", ...environment },
      this.folder,
    );
  }
}

export function runToEnd(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Ended> {
  const { environment = {}, input, cwd } = options;
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      env: cleanEnvironment(environment),
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
    });
    let [output, errors] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", fail);
    child.on("close", (code) => done({ exitCode: code ?? -1, output, errors }));
    child.stdin?.end(input);
  });
}

/** Returns an environment in which only the test sets colours and servers. */
function cleanEnvironment(environment: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const {
    FORCE_COLOR: _,
    NO_COLOR: __,
    COLUMNS: ___,
    TUTTI_KEY: ____,
    NODE_OPTIONS: _____,
    ...rest
  } = process.env;
  return { ...rest, ...environment };
}

export class Running {
  readonly ended: Promise<Ended>;
  readonly #child;
  readonly #waiting = new Set<() => void>();
  #output = "";
  #errors = "";

  constructor(
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    cwd: string,
  ) {
    const child = spawn(program, args, {
      env: cleanEnvironment(environment),
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const notify = (): void => {
      for (const listener of this.#waiting) listener();
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      notify();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
      notify();
    });
    this.ended = new Promise((done) =>
      child.on("close", (code) => done({ exitCode: code ?? -1, output: this.#output, errors: this.#errors })),
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when either stream has printed the pattern. Rejects if the process ends before. */
  async untilPrinted(pattern: RegExp): Promise<void> {
    const printed = new Promise<void>((done) => {
      const check = (): void => {
        if (!pattern.test(this.#output + this.#errors)) return;
        this.#waiting.delete(check);
        done();
      };
      this.#waiting.add(check);
      check();
    });
    const ended = this.ended.then(({ output, errors }) => {
      if (!pattern.test(output + errors))
        throw new Error(`it ended without saying ${pattern}:\n${output}\n${errors}`);
    });
    await Promise.race([printed, ended]);
  }
}
