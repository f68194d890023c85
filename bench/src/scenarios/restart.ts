import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { quantile, rounded } from "../measure/statistics.ts";
import { answered, freePort } from "../processes/answers.ts";
import { childEnvironment, workspace } from "../processes/child.ts";
import { temporaryDirectory } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

/** The first start builds what is stale, which takes minutes on a busy machine. */
const buildsWithinMs = 600_000;
const runId = "restart-bench";
const definition = "workflow: restart-bench\nsignals: {go: {}}\ntasks: {wait: {wait: {signal: go}}}\n";

/** What users wait for after a crash: `npm start` again, until the port answers and until it serves work. */
export const restart: Scenario = {
  name: "restart",
  about:
    "`npm start` after kill -9 of the platform: time to the first answer and until its run is served, alone and beside a process that burns a core",
  goals: [
    { line: { variant: "idle" }, figure: "answersP99Ms", atMost: 2_000, unit: "ms" },
    { line: { variant: "idle" }, figure: "servesP99Ms", atMost: 3_000, unit: "ms" },
    { line: { variant: "busy" }, figure: "answersP99Ms", atMost: 2_000, unit: "ms" },
    { line: { variant: "busy" }, figure: "servesP99Ms", atMost: 3_000, unit: "ms" },
  ],
  brief: { rounds: 5, seconds: 1 },
  async *run({ rounds }) {
    for (const variant of ["idle", "busy"]) {
      const burner = variant === "busy" ? spawn(process.execPath, ["-e", "for (;;);"]) : undefined;
      try {
        yield { variant, restarts: rounds, ...(await restarts(rounds)) };
      } finally {
        burner?.kill("SIGKILL");
      }
    }
  },
};

async function restarts(rounds: number) {
  const directory = await temporaryDirectory();
  const data = join(directory, "data");
  const [http, mesh] = [await freePort(), await freePort()];
  const answers: number[] = [];
  const serves: number[] = [];
  let child: ChildProcess | undefined;
  try {
    // The first start builds the bundle and makes the directory.
    for (let round = 0; round <= rounds; round++) {
      const startMs = performance.now();
      child = spawn(
        process.execPath,
        [
          ...[join(workspace, "tools/start.mjs"), "--empty", `--operations.port=${http}`],
          ...[`--mesh.listen=127.0.0.1:${mesh}`, `--platform.dataDirectory=${data}`, "--log.level=error"],
        ],
        { cwd: directory, env: childEnvironment(), stdio: "ignore" },
      );
      await answered(`http://127.0.0.1:${http}/livez`, round === 0 ? buildsWithinMs : undefined);
      const answeredMs = performance.now() - startMs;
      await answered(`http://127.0.0.1:${http}/readyz`);
      if (round === 0) await startRun(`http://127.0.0.1:${http}`);
      await answered(`http://127.0.0.1:${http}/v1/runs/${runId}`);
      if (round > 0) {
        answers.push(answeredMs);
        serves.push(performance.now() - startMs);
      }
      await kill(child, data);
    }
  } finally {
    child?.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
  const at = (values: number[], share: number) =>
    rounded(
      quantile(
        values.toSorted((a, b) => a - b),
        share,
      ),
    );
  return {
    ...{ answersP50Ms: at(answers, 0.5), answersP99Ms: at(answers, 0.99) },
    ...{ servesP50Ms: at(serves, 0.5), servesP99Ms: at(serves, 0.99) },
  };
}

async function startRun(url: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const bodies = { workflows: { text: definition }, runs: { definition: { name: runId }, runId } };
  for (const [path, body] of Object.entries(bodies)) {
    const answer = await fetch(`${url}/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST /v1/${path}: ${await answer.text()}`);
  }
}

/** The platform itself, not its launcher, which ends with it. */
async function kill(child: ChildProcess, data: string): Promise<void> {
  const { pid } = JSON.parse(await readFile(join(data, "lock.json"), "utf8"));
  const ended = once(child, "exit");
  process.kill(pid, "SIGKILL");
  await ended;
}
