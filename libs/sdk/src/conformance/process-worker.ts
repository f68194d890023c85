import { spawn } from "node:child_process";
import type { LaunchWorker } from "./stage.ts";

/** Maximum length of the kept output of a worker, counted from its end. */
const printedMax = 20_000;

/** Returns a launcher that starts the command again each time, with the host's address in its environment. */
export function commandWorker(command: readonly string[]): LaunchWorker {
  const [program = "", ...args] = command;
  return (environment) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    const capture = (chunk: Buffer): void => {
      printed = `${printed}${chunk}`.slice(-printedMax);
    };
    child.stdout.on("data", capture);
    child.stderr.on("data", capture);
    const exited = new Promise<number | null>((resolve) => {
      child.on("error", (error) => {
        printed += `${program} could not be started: ${error.message}\n`;
        resolve(127);
      });
      child.on("exit", (code) => resolve(code));
    });
    return {
      exited,
      get printed() {
        return printed;
      },
      terminate: () => child.kill("SIGTERM"),
      kill: () => child.kill("SIGKILL"),
    };
  };
}
