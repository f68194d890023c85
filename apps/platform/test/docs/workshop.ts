/**
 * A folder in which the blocks of a page are executed in order, like a reader would. Files are written, programs run, and
 * the platform of the page is a real process. The folder replaces the reader's clone: packages resolve from it, and free
 * addresses replace the addresses of the page.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { madeBy, staleFronts } from "../../../../tools/fronts.mjs";
import { type Service, start } from "../support/services.ts";
import { runHere } from "./command.ts";
import { type Page, root } from "./page.ts";
import { needsProcess, type Programs } from "./programs.ts";

/** Scripts of the workspace that a page may run for real. Others would change the clone or take minutes. */
const harmless: Readonly<Record<string, readonly [tool: string, ...given: string[]]>> = {
  certs: ["tools/certs.mjs"],
  conformance: ["libs/sdk/src/conformance/main.ts"],
  example: ["examples/play.ts"],
  doctor: ["tools/data.mjs", "doctor"],
  verify: ["tools/data.mjs", "verify"],
};
const commandTimeoutMs = 60_000;

/** A start of a default platform: from the packages, or in a clone. */
const plainStart = /^(npx tutti dev|npm start( -- --empty)?)$/;

/**
 * Returns true if every start on a page is that of a default platform. `with=alone` marks a page that changes the
 * platform for later pages, or expects an empty one.
 */
export function sharesPlatform({ path, blocks }: Page): boolean {
  if (isTutorial(path)) return true;
  if (blocks.some(({ options }) => options["file"] === "tutti.yaml")) return false;
  const starts = startsOf(blocks);
  return (
    starts.length > 0 &&
    starts.every(({ line, options }) => options["with"] === undefined && plainStart.test(line))
  );
}

export function startsOwnPlatform(page: Page): boolean {
  return !sharesPlatform(page) && startsOf(page.blocks).length > 0;
}

/** Returns the lines that start a platform, each with the options of its block. */
function startsOf(blocks: Page["blocks"]) {
  return blocks
    .filter(({ kind }) => kind === "sh")
    .flatMap(({ text, options }) => commandsOf(text).map((line) => ({ line, options })))
    .filter(({ line }) => /\bnpm start\b|^npx tutti dev$/.test(line));
}

/** True for tutorials, each of which continues in the folder of the previous one. */
function isTutorial(path: string): boolean {
  return path.startsWith("docs/tutorials/");
}

/** Returns the folder for the blocks of a page, below the folder of all pages. */
export function folderOf(path: string): string {
  return (isTutorial(path) ? dirname(path) : path).replaceAll(/[/.]/g, "-");
}

/** Returns the lines without comments. A backslash joins a line with the next. */
export function commandsOf(text: string): readonly string[] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/(^|\s)# .*$/, "").trim())
    .filter((line) => line !== "");
}

export class Workshop implements AsyncDisposable {
  readonly folder: string;
  readonly #programs: Programs;
  readonly #shared: Service | undefined;
  #platform: Service | undefined;
  #examples = 0;
  /** Processes that a page leaves running, such as a worker, while the terminal continues. */
  readonly #background: ChildProcess[] = [];
  /** Warnings about deprecated options of the SDK that the page uses. */
  readonly deprecations = new Set<string>();

  /** @param shared the platform for `npm start`. Without it, each start is a separate process. */
  constructor(folder: string, programs: Programs, shared?: Service) {
    this.folder = folder;
    this.#programs = programs;
    this.#shared = shared;
    mkdirSync(folder, { recursive: true });
  }

  write(name: string, text: string): void {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, this.#withAddresses(text));
  }

  /** Runs a program of a page and returns its output. */
  async runProgram(text: string): Promise<string> {
    const file = `example-${++this.#examples}.ts`;
    this.write(file, text);
    const output = needsProcess.test(text)
      ? await run(process.execPath, [file], this.folder, this.#environment)
      : await this.#programs.run(file, this.folder, this.#environment, commandTimeoutMs);
    this.#readWarnings(output);
    return output;
  }

  /**
   * Runs a line of a page and returns its output. `background` leaves a worker running after it has linked. `alone` is
   * for `sharesPlatform`. `demonstration` lets `npm start` start the demonstration, which most pages do not need.
   */
  async runLine(line: string, mode: string = ""): Promise<string> {
    if (line === "npx tutti dev") {
      await this.#start([], "");
      return "";
    }
    const npx = /^(?:npx )?(tutti) (.*)$/.exec(line) ?? /^npx (node) (.*)$/.exec(line);
    if (npx !== null) return this.#runCommand(npx, mode);
    const npm = /^((?:\w+=\S+ +)*)npm (?:run )?(?:-s )?(\S+)(?: --)?(.*)$/.exec(line);
    if (npm === null) {
      // The address at which `tutti` finds the page's platform.
      const environment = this.#platform === undefined ? {} : { TUTTI_SERVER: this.#platform.http };
      return run("sh", ["-c", this.#withAddresses(line)], this.folder, environment);
    }
    const [, variables = "", script = "", rest = ""] = npm;
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    if (scripts[script] === undefined) throw new Error(`package.json has no script ${script}: ${line}`);
    const args = rest.trim() === "" ? [] : rest.trim().split(/\s+/);
    if (script === "start") {
      const flags = args.filter((flag) => flag !== "--empty");
      const shows = mode === "demonstration";
      await this.#start(shows ? [...flags, "--platform.demonstration=true"] : flags, variables);
      if (shows) await this.#platform?.line("demo started");
      return "";
    }
    const tool = harmless[script];
    if (tool === undefined) return "";
    const [file, ...first] = tool;
    const environment =
      this.#platform === undefined
        ? {}
        : { TUTTI_ADDRESS: this.#platform.grpc, TUTTI_URL: this.#platform.http };
    return run(process.execPath, [join(root, file), ...first, ...args], this.folder, environment);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#background) {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGKILL")) await ended;
    }
    if (this.#platform !== this.#shared) await this.#platform?.[Symbol.asyncDispose]();
  }

  /** Runs a command of the project: its Node, or its CLI. Most lines of the CLI run in this process. */
  async #runCommand([line, name = "", text = ""]: RegExpExecArray, mode: string): Promise<string> {
    // These take minutes and have their own tests: apps/cli/test/demo-kill.io.ts, demo-race.io.ts.
    if (name === "tutti" && text.startsWith("demo ")) return "";
    const args = this.#withAddresses(text);
    const npm_command = line.startsWith("npx ") ? "exec" : "";
    const environment = { TUTTI_SERVER: "", TUTTI_ADDRESS: "", npm_command, ...this.#environment };
    if (name === "tutti" && mode !== "background") {
      const ended = await runHere(args, this.folder, environment, commandTimeoutMs);
      if (ended?.code === 0) return ended.output;
      if (ended !== undefined)
        throw new Error(`tutti ${args} ended with ${ended.code} and printed\n${ended.output}`);
    }
    const script = name === "tutti" ? `'${await builtCommand()}'` : "";
    const program = `exec '${process.execPath}' ${script} ${args}`;
    if (mode !== "background") return run("sh", ["-c", program], this.folder, environment);
    const env = { ...process.env, ...environment };
    const child = spawn("sh", ["-c", program], { cwd: this.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#background.push(child);
    child.stderr?.setEncoding("utf8").on("data", (output: string) => this.#readWarnings(output));
    await linked(child, program);
    return "";
  }

  async #start(args: readonly string[], variables: string): Promise<void> {
    if (this.#shared !== undefined) {
      this.#platform = this.#shared;
      return;
    }
    await this.#platform?.stop();
    const environment = Object.fromEntries(
      variables
        .split(" ")
        .filter(Boolean)
        .map((each) => each.split("=")),
    );
    this.#platform = await start("platform", args, { directory: this.folder, environment });
  }

  #readWarnings(output: string): void {
    for (const [line] of output.matchAll(/DeprecationWarning: .* of Tutti .*/g)) this.deprecations.add(line);
  }

  /** Variables with the address of the page's platform. */
  get #environment(): Readonly<Record<string, string>> {
    if (this.#platform === undefined) return {};
    return { TUTTI_SERVER: this.#platform.http, TUTTI_ADDRESS: this.#platform.grpc };
  }

  /** Replaces the default addresses of pages by the actual ones. */
  #withAddresses(text: string): string {
    if (this.#platform === undefined) return text;
    const http = this.#platform.http.replace("http://", "");
    return text
      .replaceAll(/(?:127\.0\.0\.1|localhost):7400\b/g, http)
      .replaceAll(/(?:127\.0\.0\.1|localhost):7401\b/g, this.#platform.grpc);
  }
}

let built: Promise<string> | undefined;

/**
 * Returns the bundle of the CLI, from the test runner or built once from the sources. Pages run the CLI so often that its
 * start time matters.
 */
function builtCommand(): Promise<string> {
  built ??= (async () => {
    const prebuilt = madeBy(root, "command");
    if (prebuilt !== undefined && staleFronts(root, ["command"]).length === 0) return prebuilt;
    const folder = join(root, ".cache", "command-of-pages");
    await run(process.execPath, [join(root, "apps/cli/build.mjs"), "--out", folder], root);
    return join(folder, "main.mjs");
  })();
  return built;
}

/** Runs a command and returns its output. Throws if it fails. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: commandTimeoutMs,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code} and printed\n${output}`));
    });
  });
}

/** Waits until a worker has linked, or until a source posts events. */
function linked(child: ChildProcess, line: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/linked| posts /.test(output)) resolve();
    });
  child.once("exit", () => reject(new Error(`${line} ended before it was linked: ${output}`)));
  return promise;
}
