/** Notifies a program of alerts. The program reads the message from standard input. Exit code 0 confirms it. */
import { spawn } from "node:child_process";
import { insightErrors } from "../../errors.ts";

const outputMax = 2_000;

export function runCommand(
  [file = "", ...args]: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(insightErrors.receiverFailed({ reason }));
    // A group of its own, so that processes started by the program end with it.
    const child = spawn(file, args, { stdio: ["pipe", "ignore", "pipe"], detached: true });
    const end = () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    };
    signal.addEventListener("abort", end, { once: true });
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < outputMax) output = (output + text).slice(0, outputMax);
    });
    child.once("error", (error) => fail(error.message));
    child.once("close", (code) => {
      signal.removeEventListener("abort", end);
      const { reason } = signal;
      if (code === 0) resolve();
      else if (signal.aborted) fail(reason instanceof Error ? reason.message : "it was ended");
      else fail(`\`${file}\` ended with ${code ?? "a signal"}${output === "" ? "" : `: ${output.trim()}`}`);
    });
    // A program that does not read its input may have exited before the input is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
