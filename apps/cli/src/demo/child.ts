/** A process of the proof. It ends with this process, even if this one is killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { ownGroup } from "@tutti/kernel";

export interface ChildOptions {
  readonly node: string;
  /** A module that ends the process with its parent process. */
  readonly leash: string;
  readonly script: string;
  readonly arguments?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<() => void>();
  readonly ended: Promise<void>;
  #isOver = false;

  constructor({ node, leash, script, arguments: args = [], environment, directory }: ChildOptions) {
    const nodeArgs = ["--import", pathToFileURL(leash).href, script, ...args];
    this.#process = spawn(node, nodeArgs, {
      cwd: directory,
      env: { ...environment },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      // Ctrl-C is for the command, which ends the processes in order.
      ...ownGroup(),
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      if (stream !== null)
        createInterface({ input: stream }).on("line", (line) => {
          this.#lines.push(line);
          if (this.#lines.length > 200) this.#lines.shift();
          this.#notify();
        });
    this.#process.stdio[3]?.on("error", () => {});
    this.ended = new Promise((resolve) => {
      const over = (): void => {
        this.#isOver = true;
        this.#notify();
        resolve();
      };
      this.#process.once("error", (error) => {
        this.#lines.push(error.message);
        over();
      });
      this.#process.once("close", over);
    });
  }

  /** Returns the first line that matches. Undefined if the process ended before it. */
  line<Found>(find: (line: string) => Found | undefined): Promise<Found | undefined> {
    return new Promise((resolve) => {
      const check = (): void => {
        for (const line of this.#lines) {
          const found = find(line);
          if (found === undefined) continue;
          done(found);
          return;
        }
        if (this.#isOver) done(undefined);
      };
      const done = (found: Found | undefined): void => {
        this.#listeners.delete(check);
        resolve(found);
      };
      this.#listeners.add(check);
      check();
    });
  }

  get hasEnded(): boolean {
    return this.#isOver;
  }

  /** The last printed lines. */
  get lastLines(): readonly string[] {
    return this.#lines.slice(-5);
  }

  /** Kills the process with `kill -9`, in the middle of its work. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#process.kill("SIGKILL");
    await this.ended;
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
