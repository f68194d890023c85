/**
 * Runs every scenario with goals, each briefly and in a separate process, so that scenarios do not affect each other.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Result, Scenario } from "../scenario.ts";
import { type Measured, type Row, rowsOf } from "./verdicts.ts";

const program = fileURLToPath(new URL("../main.ts", import.meta.url));
/** A scenario that takes longer hangs, or is so slow that this is a fault. */
const scenarioMs = 220_000;
/** Most scenarios take less. */
const leastMs = 60_000;
const usual = { rounds: 3, seconds: 1 };

export interface GuardOptions {
  readonly traces: string | undefined;
  /** No scenario starts or continues afterwards. */
  readonly withinMs: number;
  /** Called with the scenarios for which no time is left. */
  readonly onSkipped: (names: readonly string[]) => void;
}

export async function* guard(
  scenarios: readonly Scenario[],
  { traces, withinMs, onSkipped }: GuardOptions,
): AsyncGenerator<readonly Row[]> {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  const endMs = performance.now() + withinMs;
  for (const [at, scenario] of scenarios.entries()) {
    const leftMs = endMs - performance.now();
    if (leftMs < leastMs) return onSkipped(scenarios.slice(at).map(({ name }) => name));
    yield rowsOf(scenario, await measured(scenario, Math.min(scenarioMs, leftMs), traces));
  }
}

async function measured(
  { name, brief = usual }: Scenario,
  timeoutMs: number,
  traces?: string,
): Promise<Measured> {
  const args = ["--json", "--brief", `--rounds=${brief.rounds}`, `--seconds=${brief.seconds}`];
  if (traces !== undefined) args.push(`--traces=${traces}`);
  // A separate group, so that the processes of the scenario end with it, even if it hangs.
  const child = spawn(process.execPath, [program, name, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const end = () => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  process.once("exit", end);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeoutMs);
  let [output, complaints] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const [code] = await once(child, "close");
  clearTimeout(timer);
  process.off("exit", end);
  end();
  const results: Result[] = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  if (isLate) return { results, failure: `took longer than ${Math.round(timeoutMs / 1_000)} s` };
  const absent = /^absent: (.*)$/m.exec(complaints)?.[1];
  if (code === 0) return { results, ...(absent !== undefined && { absent }) };
  if (absent !== undefined) return { results, absent };
  return { results, failure: /^\w*Error.*$/m.exec(complaints)?.[0] ?? `it ended with code ${code}` };
}
