/** Processes of a measurement, on the same Node. They end with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Child extends AsyncDisposable {
  readonly pid: number;
}

export const workspace = fileURLToPath(new URL("../../..", import.meta.url));

/** The same cache as for `npm start`. Without it Node strips the types again, which takes 26 MiB. */
const compileCache = { NODE_COMPILE_CACHE: join(workspace, "node_modules", ".cache", "node") };

export function childEnvironment(): NodeJS.ProcessEnv {
  return { ...compileCache, ...process.env };
}

/** Starts a program and resolves with the result of its first matching line of output. */
export async function startChild<T>(
  parameters: readonly string[],
  options: {
    readonly cwd?: string;
    readonly environment?: NodeJS.ProcessEnv;
    readonly until: (line: string) => T | undefined;
  },
): Promise<Child & { readonly output: T }> {
  const child = spawn(process.execPath, parameters, {
    cwd: options.cwd ?? workspace,
    env: { ...childEnvironment(), ...options.environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  const match = await firstMatch(child, options.until);
  return {
    pid: child.pid ?? 0,
    output: match,
    [Symbol.asyncDispose]: async () => {
      process.off("exit", end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

function firstMatch<T>(child: ChildProcess, until: (line: string) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    let rest = "";
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`a process of the bench ended with ${code} before it was ready`)),
    );
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const match = until(line);
        if (match !== undefined) resolve(match);
      }
    });
  });
}
