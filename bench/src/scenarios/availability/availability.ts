import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { quantile, rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Scenario } from "../../scenario.ts";
import { Caller } from "../rest/caller.ts";
import { type Linked, Notes } from "./notes.ts";

const capabilities = ["bench.read", "bench.write"];
const agentsEach = 3;
const failing = 0.05;
const killEveryMs = 60_000;
/** In a short run there are as many killed as in five minutes of a long one. */
const killsMin = 5;
const startWithinMs = 1_000;
const program = fileURLToPath(new URL("agent-process.ts", import.meta.url));

interface Probe {
  readonly id: string;
  readonly startMs: number;
  readonly hasCompleted: Promise<boolean>;
}

/** A task of each capability every second, while agents are killed and supervised. */
export const availability: Scenario = {
  name: "availability",
  about: `${agentsEach} supervised agents per capability, one killed at random every minute, ${failing * 100} % of tasks failing: how often a task of each could start within 1 s`,
  seconds: 1_800,
  async *run({ seconds }) {
    const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
    try {
      const file = join(directory, "notes");
      await writeFile(file, "");
      const notes = new Notes(file);
      await using platform = await startPlatform("--swarm.scaling.everyMs=200");
      using caller = new Caller(platform.http, 64);
      for (const capability of capabilities) await furnish(caller, capability, file);
      await untilLinked(notes, capabilities.length * agentsEach);
      const { probes, killed } = await torment(caller, notes, seconds * 1_000);
      const completed = await Promise.all(probes.flat().map(({ hasCompleted }) => hasCompleted));
      yield { variant: "agents killed", ...figuresOf(probes, killed, completed, notes) };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function furnish(caller: Caller, capability: string, file: string): Promise<void> {
  const name = capability.replace(".", "-");
  const text = `workflow: ${name}
tasks:
  one: {uses: ${capability}, with: {probe: "\${{ input.probe }}"}, retry: {max: 5, backoff: 50ms..1s}}
output: "\${{ tasks.one.output }}"
`;
  await caller.must("POST", "/v1/workflows", { text });
  const command = [process.execPath, program, capability, file, String(failing)];
  await caller.must("POST", "/v1/scalers", {
    ...{ scalerId: name, pool: "default", capabilities: [capability] },
    ...{ minAgents: agentsEach, maxAgents: agentsEach, process: { command } },
  });
}

/** Starts a probe of each capability every second, and kills somebody now and then. */
async function torment(caller: Caller, notes: Notes, spanMs: number) {
  const probes: Probe[][] = [];
  const killed: (Linked & { readonly killedMs: number })[] = [];
  const everyMs = Math.min(killEveryMs, spanMs / (killsMin + 1));
  const beginMs = Date.now();
  let nextKillMs = beginMs + everyMs;
  for (let second = 0; second * 1_000 < spanMs; second++) {
    probes.push(capabilities.map((capability) => probe(caller, capability, second)));
    if (Date.now() >= nextKillMs) {
      nextKillMs += everyMs;
      const victim = killOne(notes, killed);
      if (victim !== undefined) killed.push(victim);
    }
    await wait(Math.max(0, beginMs + (second + 1) * 1_000 - Date.now()));
  }
  return { probes, killed };
}

function probe(caller: Caller, capability: string, second: number): Probe {
  const id = `${capability}-${second}`;
  const run = async () => {
    const definition = { name: capability.replace(".", "-") };
    const started = await caller.must("POST", "/v1/runs", { definition, input: { probe: id } });
    const { run } = JSON.parse(started.body);
    const ended = await caller.must("GET", `/v1/runs/${run.runId}/result?waitMs=60000`);
    return JSON.parse(ended.body).status === "completed";
  };
  return { id, startMs: Date.now(), hasCompleted: run().catch(() => false) };
}

/** Of those that live, anyone. */
function killOne(
  notes: Notes,
  killed: readonly Linked[],
): (Linked & { readonly killedMs: number }) | undefined {
  const dead = new Set(killed.map(({ pid }) => pid));
  const living = notes.linked().filter(({ pid }) => !dead.has(pid));
  const victim = living[Math.floor(Math.random() * living.length)];
  if (victim === undefined) return undefined;
  try {
    process.kill(victim.pid, "SIGKILL");
  } catch {
    return undefined;
  }
  return { ...victim, killedMs: Date.now() };
}

async function untilLinked(notes: Notes, count: number): Promise<void> {
  while (notes.linked().length < count) await wait(50);
}

function figuresOf(
  probes: readonly (readonly Probe[])[],
  killed: readonly (Linked & { readonly killedMs: number })[],
  completed: readonly boolean[],
  notes: Notes,
) {
  const begun = notes.begun();
  const delays = probes
    .flat()
    .map(({ id, startMs }) => (begun.get(id) ?? Number.POSITIVE_INFINITY) - startMs);
  const good = probes.filter((each) =>
    each.every(({ id, startMs }) => (begun.get(id) ?? Number.POSITIVE_INFINITY) - startMs <= startWithinMs),
  );
  const linked = notes.linked();
  const recoveries = killed.map(({ agentId, killedMs }) => {
    const back = linked.find((one) => one.agentId === agentId && one.atMs > killedMs);
    return (back?.atMs ?? Number.POSITIVE_INFINITY) - killedMs;
  });
  const sortedDelays = delays.toSorted((one, other) => one - other);
  const sortedRecoveries = recoveries.filter(Number.isFinite).toSorted((one, other) => one - other);
  return {
    ...{ capabilities: capabilities.length, agents: capabilities.length * agentsEach, kills: killed.length },
    ...{ probedSeconds: probes.length, availablePercent: rounded((100 * good.length) / probes.length) },
    tasks: completed.length,
    succeededPercent: rounded((100 * completed.filter(Boolean).length) / completed.length),
    startP50Ms: rounded(quantile(sortedDelays, 0.5)),
    startP99Ms: rounded(quantile(sortedDelays, 0.99)),
    recoverP50Ms: rounded(quantile(sortedRecoveries, 0.5)),
    recoverMaxMs: rounded(sortedRecoveries.at(-1) ?? 0),
    notBack: recoveries.length - sortedRecoveries.length,
  };
}
