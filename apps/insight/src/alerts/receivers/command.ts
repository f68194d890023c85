/** A program that hears of alerts: it gets the message on standard input, and has it if it ends with 0. */
import { spawn } from "node:child_process";
import { insightErrors } from "../../errors.ts";

const outputMax = 2_000;

export function runCommand(
  [file = "", ...words]: readonly string[],
  input: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(insightErrors.receiverFailed({ reason }));
    const child = spawn(file, words, { stdio: ["pipe", "ignore", "pipe"], signal, killSignal: "SIGKILL" });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < outputMax) said = (said + text).slice(0, outputMax);
    });
    child.once("error", (error) => {
      const { reason } = signal;
      fail(signal.aborted && reason instanceof Error ? reason.message : error.message);
    });
    child.once("close", (code) => {
      if (code === 0) resolve();
      else fail(`\`${file}\` ended with ${code ?? "a signal"}${said === "" ? "" : `: ${said.trim()}`}`);
    });
    // A program that does not read its input may be gone before that is written.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
