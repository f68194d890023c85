/** How long a process takes after kill -9 until it takes commands, and until everything goes on that was under way. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, rounded } from "../../measure/statistics.ts";
import { childEnvironment } from "../../processes/child.ts";
import { cpuMs } from "../../processes/figures.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import type { RecoveryAnswer, RecoveryQuestion } from "./recovery-process.ts";

type Figures = Extract<RecoveryAnswer, { kind: "figures" }>;

const program = fileURLToPath(new URL("recovery-process.ts", import.meta.url));
const liveCount = 100_000;
const sleepingCount = 1_000_000;
const fewCount = 1_000;
/** With nothing to do, everything is kept and cut from the journal after this long, and however long packing takes. */
const quietMs = 15_000;
/** A process that uses less than that in so long has nothing to do any more. */
const idle = { forMs: 3_000, cpuMs: 60 };

export const recovery: Scenario = {
  name: "recovery",
  about: `a restart after kill -9: with ${liveCount} live machines, with ${fewCount} and with ${sleepingCount} that sleep`,
  async *run(budget) {
    yield* restarts("live, killed at once", { live: liveCount, sleeping: 0, quietMs: 0 }, budget);
    yield* restarts("live, killed later", { live: liveCount, sleeping: 0, quietMs }, budget);
    yield* restarts("few sleep", { live: 0, sleeping: fewCount, quietMs }, budget);
    yield* restarts("sleeping", { live: 0, sleeping: sleepingCount, quietMs }, budget);
  },
};

interface Filled {
  readonly live: number;
  readonly sleeping: number;
  readonly quietMs: number;
}

async function* restarts(variant: string, filled: Filled, { rounds }: Budget): AsyncGenerator<Result> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  try {
    const before = await fill(directory, filled);
    const readyMs: number[] = [];
    const allServedMs: number[] = [];
    const usedMs: number[] = [];
    const rssMiB: number[] = [];
    const peakMiB: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const life = new Life(directory, filled.live);
      await life.heard("ready");
      readyMs.push(life.ageMs());
      await life.heard("served");
      allServedMs.push(life.ageMs());
      usedMs.push(life.cpuMs());
      const figures = await life.figures();
      rssMiB.push(figures.rssMiB);
      peakMiB.push(figures.peakMiB);
      await life.kill();
    }
    yield {
      variant,
      instances: filled.live,
      sleeping: filled.sleeping,
      readyMs: rounded(median(readyMs)),
      allServedMs: rounded(median(allServedMs)),
      cpuMs: rounded(median(usedMs)),
      rssMiB: rounded(median(rssMiB)),
      peakMiB: rounded(median(peakMiB)),
      filledRssMiB: rounded(before.rssMiB),
      tailBatches: before.tailBatches,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Begins the machines in a process, and kills it. Gives how it stood before. */
async function fill(directory: string, { live, sleeping, quietMs: quiet }: Filled): Promise<Figures> {
  const life = new Life(directory, 0);
  await life.heard("ready");
  for (const [what, count] of [
    ["live", live],
    ["sleeping", sleeping],
  ] as const) {
    if (count === 0) continue;
    life.say({ begin: what, count, from: 0 });
    await life.heard("begun");
  }
  // All that sleep have left memory, however long that takes.
  while (sleeping > 0 && (await life.figures()).loaded > live + 1) await pause(500);
  if (quiet > 0) await life.hasNothingToDo(quiet);
  const figures = await life.figures();
  await life.kill();
  return figures;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One life of the process, from its start to its violent end. */
class Life {
  readonly #startMs = performance.now();
  readonly #child: ChildProcess;
  readonly #heard: RecoveryAnswer[] = [];
  #wake: () => void = () => {};
  readonly #end = (): void => void this.#child.kill("SIGKILL");

  constructor(directory: string, live: number) {
    this.#child = fork(program, [directory, String(live)], {
      execArgv: [],
      env: childEnvironment(),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    process.once("exit", this.#end);
    this.#child.on("message", (answer: RecoveryAnswer) => {
      this.#heard.push(answer);
      this.#wake();
    });
    this.#child.once("exit", () => this.#wake());
  }

  ageMs(): number {
    return performance.now() - this.#startMs;
  }

  /** All its threads together. */
  cpuMs(): number {
    return cpuMs(this.#child.pid ?? 0);
  }

  /** Resolves after so long at least, when it has come to rest. */
  async hasNothingToDo(atLeastMs: number): Promise<void> {
    await pause(atLeastMs);
    for (;;) {
      const beforeMs = this.cpuMs();
      await pause(idle.forMs);
      if (this.cpuMs() - beforeMs < idle.cpuMs) return;
    }
  }

  say(question: RecoveryQuestion): void {
    this.#child.send(question);
  }

  async heard<Kind extends RecoveryAnswer["kind"]>(
    kind: Kind,
  ): Promise<Extract<RecoveryAnswer, { kind: Kind }>> {
    for (;;) {
      const at = this.#heard.findIndex((answer) => answer.kind === kind);
      // The cast: it was found by its kind.
      if (at >= 0) return this.#heard.splice(at, 1)[0] as Extract<RecoveryAnswer, { kind: Kind }>;
      if (this.#child.exitCode !== null)
        throw new Error(`a process of the bench ended before it was ${kind}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  figures(): Promise<Figures> {
    this.say({ ask: "figures" });
    return this.heard("figures");
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
    process.off("exit", this.#end);
  }
}
