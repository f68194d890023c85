/**
 * Runs the programs of pages one after the other in a process that has loaded the SDK. A start of Node with the SDK takes
 * ten times as long as most of them.
 *
 * 1. A program that uses more of `process` than its environment gets a process of its own.
 * 2. A program has ended when nothing keeps the process alive. Node uses the same rule to exit.
 * 3. A program that fails ends its process. The next one gets a new process.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const host = fileURLToPath(new URL("program-host.mjs", import.meta.url));
/** Matches a program that ends its process, or reads how the process was started. */
export const needsProcess = /\bprocess\.(?!env\b)/;

interface Ended {
  readonly output: string;
  readonly failure?: string;
}

export class Programs implements Disposable {
  readonly #idle: ChildProcess[] = [];

  /** Runs a program and returns its output. Throws if it fails. */
  async run(
    file: string,
    folder: string,
    environment: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<string> {
    const child =
      this.#idle.pop() ?? fork(host, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const onExit = (code: number | null) =>
      resolve({ output: "", failure: `the process exited with ${code}` });
    const timer = setTimeout(() => resolve({ output: "", failure: "it did not end in time" }), timeoutMs);
    child.once("message", resolve).once("exit", onExit);
    child.send({ file, folder, environment });
    const { output, failure } = await promise;
    clearTimeout(timer);
    child.off("message", resolve).off("exit", onExit);
    if (failure === undefined) this.#idle.push(child);
    else child.kill("SIGKILL");
    if (failure !== undefined) throw new Error(`${file} failed: ${failure}. It printed\n${output}`);
    return output;
  }

  [Symbol.dispose](): void {
    for (const child of this.#idle) child.kill("SIGKILL");
  }
}
