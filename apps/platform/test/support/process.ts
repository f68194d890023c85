/**
 * Real processes for tests: programs of the repository, run like users run them. A process is ended by its id, even if
 * the test process exits early. Every wait has a deadline, and after the deadline the error shows the output of the
 * process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

/** A line of a process's log. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly service: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  /** Absolute path. A module runs in Node, other programs are executed directly. */
  readonly program: string;
  readonly arguments?: readonly string[];
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: a folder without any configuration. */
  readonly directory?: string;
  /** The whole standard input. If `isOpen`, `write` appends to it. */
  readonly input?: string | { readonly isOpen: true };
}

const deadlineMs = 150_000;

export class TestProcess implements AsyncDisposable {
  /** Log lines so far. */
  readonly lines: LogLine[] = [];
  /** The whole output, including text that is no log line. */
  output = "";
  /** Output on standard error. */
  errorOutput = "";
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #listeners = new Set<() => void>();
  #exit: Exit | undefined;

  constructor(options: ProcessOptions) {
    const { program, arguments: args = [], environment = {}, directory = tmpdir() } = options;
    this.#name = `${program.split("/").slice(-4).join("/")} ${args.join(" ")}`;
    const isModule = /\.m?[jt]s$/.test(program);
    const command = isModule ? process.execPath : program;
    const child = spawn(command, [...(isModule ? [program] : []), ...args], {
      cwd: directory,
      env: { ...environmentOfUser(), ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdin.on("error", () => {});
    if (typeof options.input !== "object") child.stdin.end(options.input);
    remember(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8");
      createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
        this.output += `${line}\n`;
        if (stream === child.stderr) this.errorOutput += `${line}\n`;
        else if (line.startsWith("{")) this.lines.push(JSON.parse(line));
        this.#notify();
      });
    }
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#exit = { code, signal };
        forget(child);
        this.#notify();
        resolve(this.#exit);
      });
    });
  }

  /** Writes to the standard input if it is open. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#name} has no process id`);
    return pid;
  }

  /** Returns the first log line, past or future, that matches a message or a condition. */
  async line(expected: string | ((line: LogLine) => boolean)): Promise<LogLine> {
    const isIt = typeof expected === "string" ? ({ msg }: LogLine) => msg === expected : expected;
    const find = () => this.lines.find(isIt);
    await this.#until(() => find() !== undefined, `the line ${expected}`);
    const line = find();
    if (line === undefined) throw new Error("the line was there a moment ago");
    return line;
  }

  /** Waits until the output matches. */
  async wrote(pattern: RegExp): Promise<void> {
    await this.#until(() => pattern.test(this.output), `${pattern} in its output`);
  }

  /** Waits until the process exits for any reason. */
  async waitForExit(): Promise<Exit> {
    await this.#until(() => this.#exit !== undefined, "its end");
    return this.exited;
  }

  /** Stops the process gracefully and waits for its exit. */
  async stop(): Promise<Exit> {
    this.signal("SIGTERM");
    return this.waitForExit();
  }

  /** Kills the process like a lost machine: immediately and without cleanup. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.waitForExit();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #until(fulfilled: () => boolean, label: string): Promise<void> {
    if (fulfilled()) return;
    await new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        settle();
      };
      const fail = (reason: string) =>
        done(() =>
          reject(new Error(`${this.#name}: waited for ${label}, ${reason}. It wrote:\n${this.output}`)),
        );
      const check = () => {
        if (fulfilled()) done(resolve);
        else if (this.#exit !== undefined) fail(`but it ended with ${JSON.stringify(this.#exit)}`);
      };
      const timer = setTimeout(() => fail(`which did not come within ${deadlineMs} ms`), deadlineMs);
      this.#listeners.add(check);
      check();
    });
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Uses one exit listener for all processes, because more listeners than Node's maximum would cause a warning. */
function remember(child: ChildProcess): void {
  if (running.size === 0) process.once("exit", killAll);
  running.add(child);
}

function forget(child: ChildProcess): void {
  running.delete(child);
  if (running.size === 0) process.off("exit", killAll);
}

/** Returns the environment without Tutti's variables, because the user may have an installation. */
function environmentOfUser(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TUTTI_")));
}
