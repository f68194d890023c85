import { execFileSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import type { Budget, Result } from "./scenario.ts";

/** Returns a result line with the environment of the measurement. The result's own fields follow. */
export function lineOf(
  scenario: string,
  result: Result,
  { seconds, rounds }: Budget,
): Record<string, unknown> {
  const { variant, ...fields } = result;
  return { scenario, variant, ...origin(), load: loadOfMachine(), seconds, rounds, ...fields };
}

/** Returns the load average of the last minute. The same code is slower on a busy machine. */
export function loadOfMachine(): number {
  return Number((loadavg()[0] ?? 0).toFixed(1));
}

let known: { readonly commit: string; readonly cores: number; readonly node: string } | undefined;

function origin() {
  known ??= { commit: commit(), cores: availableParallelism(), node: process.version };
  return known;
}

/** Returns the measured commit, with a + if there are changes on top. Empty outside of a checkout. */
function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8", stdio: "pipe" }).trim();
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") === "" ? "" : "+");
  } catch {
    return "";
  }
}
