/**
 * Real processes for tests: programs of the repository, run as users run them. A process is ended by its id, also when
 * the test process ends without having done so. Every wait of a test has a deadline, and when that passes the error
 * shows the output of the process.
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
  /** Absolute path. Node runs a module, other programs run by themselves. */
  readonly program: string;
  readonly arguments?: readonly string[];
  /** Besides this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: a folder without any configuration. */
  readonly directory?: string;
  /** What it reads from its standard input, in whole. If it is open, `write` adds to it. */
  readonly input?: string | { readonly isOpen: true };
}

const deadlineMs = 60_000;

export class TestProcess implements AsyncDisposable {
  /** What it logged so far. */
  readonly lines: LogLine[] = [];
  /** Everything it wrote, also what is no line of a log. */
  output = "";
  /** What it wrote to its standard error. */
  errorOutput = "";
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #listeners = new Set<() => void>();
  #exit: Exit | undefined;

  constructor(options: ProcessOptions) {
    const { program, arguments: given = [], environment = {}, directory = tmpdir() } = options;
    this.#name = `${program.split("/").slice(-4).join("/")} ${given.join(" ")}`;
    const isModule = /\.m?[jt]s$/.test(program);
    const command = isModule ? process.execPath : program;
    const child = spawn(command, [...(isModule ? [program] : []), ...given], {
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
        this.#tell();
      });
    }
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#exit = { code, signal };
        forget(child);
        this.#tell();
        resolve(this.#exit);
      });
    });
  }

  /** Writes to the standard input, if it was left open. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#name} has no process id`);
    return pid;
  }

  /**
   * Returns the first line, logged already or later, that matches a message or a condition.
   */
  async line(wanted: string | ((line: LogLine) => boolean)): Promise<LogLine> {
    const isIt = typeof wanted === "string" ? ({ msg }: LogLine) => msg === wanted : wanted;
    const find = () => this.lines.find(isIt);
    await this.#until(() => find() !== undefined, `the line ${wanted}`);
    const line = find();
    if (line === undefined) throw new Error("the line was there a moment ago");
    return line;
  }

  /** Waits until something it wrote fits. */
  async wrote(pattern: RegExp): Promise<void> {
    await this.#until(() => pattern.test(this.output), `${pattern} in its output`);
  }

  /** Waits for its end, however it comes about. */
  async ended(): Promise<Exit> {
    await this.#until(() => this.#exit !== undefined, "its end");
    return this.exited;
  }

  /** Tells it to stop gracefully, and waits until it has. */
  async stop(): Promise<Exit> {
    this.signal("SIGTERM");
    return this.ended();
  }

  /** Ends it as a lost machine does: at once, without a word. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #until(fulfilled: () => boolean, what: string): Promise<void> {
    if (fulfilled()) return;
    await new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const fail = (why: string) =>
        done(() => reject(new Error(`${this.#name}: waited for ${what}, ${why}. It wrote:\n${this.output}`)));
      const look = () => {
        if (fulfilled()) done(resolve);
        else if (this.#exit !== undefined) fail(`but it ended with ${JSON.stringify(this.#exit)}`);
      };
      const timer = setTimeout(() => fail(`which did not come within ${deadlineMs} ms`), deadlineMs);
      this.#listeners.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of this.#listeners) look();
  }
}

const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** One listener for all of them: the tests start more processes than Node finds normal for listeners. */
function remember(child: ChildProcess): void {
  if (running.size === 0) process.once("exit", killAll);
  running.add(child);
}

function forget(child: ChildProcess): void {
  running.delete(child);
  if (running.size === 0) process.off("exit", killAll);
}

/** The environment without Tutti's variables: the user who runs the tests may have an own installation. */
function environmentOfUser(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TUTTI_")));
}
