/**
 * The demonstration: two workers as processes of their own over the link that all workers use, and, once per data
 * directory, work for them.
 *
 * It uses the platform from outside, like any client. The platform does not wait for it. If it fails, the failure is
 * logged and the platform continues.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Backoff,
  backoffMs,
  type Component,
  errorFromUnknown,
  type Foundation,
  type Logger,
  privateModes,
  sleep,
} from "@tutti/kernel";
import { connect, type Tutti } from "@tutti/sdk/client";
import type { Clone } from "./clone.ts";
import { type Launch, launchProgram, type Program, type RunningProgram } from "./program.ts";
import { Supervised } from "./supervised.ts";

export interface DemonstrationOptions {
  readonly foundation: Foundation;
  readonly clone: Clone;
  /** Tried in this order. */
  readonly pythons: readonly string[];
  /** File that marks the work of the demonstration as started. It is started once. */
  readonly mark: string;
  /** Returns the address of the link for workers. Known after the start. */
  readonly address: () => string;
  /** Returns the address of REST. Known after the start. */
  readonly url: () => string;
  /** Receives a line for people. */
  readonly print: (line: string) => void;
  readonly launch?: Launch;
}

/** Returns the file in a data directory that marks the runs as started. */
export function demonstrationMark(dataDirectory: string): string {
  return join(dataDirectory, "demonstration");
}

/** Pauses between attempts to start the work of the demonstration. A busy machine may answer the first calls slowly. */
const pauses: Backoff = { firstMs: 1_000, maxMs: 30_000 };

/** The processes of the demonstration take both cores of a small machine, which has to get the platform ready first. */
const startAfterMs = 200;

export class Demonstration implements Component {
  readonly #options: DemonstrationOptions;
  readonly #logger: Logger;
  #workers: readonly Supervised[] = [];
  #work: Promise<void> = Promise.resolve();
  #race: RunningProgram | undefined;
  /** Aborted when the platform stops. */
  readonly #stopping = new AbortController();

  constructor(options: DemonstrationOptions) {
    this.#options = options;
    this.#logger = options.foundation.logger;
  }

  start(): void {
    const { timers } = this.#options.foundation;
    this.#work = sleep(timers, startAfterMs, this.#stopping.signal).then(
      () => this.#begin(),
      () => undefined,
    );
  }

  async #begin(): Promise<void> {
    const { address, print } = this.#options;
    const at = linkAddress(address());
    this.#workers = [this.#typescript(at, "typescript"), this.#python(at, print)];
    for (const worker of this.#workers) worker.start();
    const raced = this.#runRace().catch((thrown: unknown) => {
      const { message } = errorFromUnknown(thrown);
      this.#logger.warn("failed to run the demo race, retrying at the next start", { reason: message });
    });
    await Promise.all([this.#startRunsUntilTheyAre(at), raced]);
  }

  /** Workers finish while the platform can still receive their results. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping.abort();
    signal.addEventListener("abort", () => this.#kill(), { once: true });
    this.#race?.signal("SIGTERM");
    await Promise.all([this.#work, ...this.#workers.map((worker) => worker.stop())]);
  }

  async stop(): Promise<void> {
    await this.#kill();
  }

  async #kill(): Promise<void> {
    this.#race?.signal("SIGKILL");
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }

  async #startRunsUntilTheyAre(address: string): Promise<void> {
    const { timers, chance } = this.#options.foundation;
    const { signal } = this.#stopping;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await this.#startRuns(address);
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const { message: reason, retryable } = errorFromUnknown(thrown);
        if (!retryable) {
          this.#logger.warn("failed to start the demo runs, retrying at the next start", { reason });
          return;
        }
        const pauseMs = Math.round(backoffMs(pauses, failures, chance));
        this.#logger.warn("failed to start the demo runs, retrying", { reason, pauseMs });
        await sleep(timers, pauseMs, signal).catch(() => undefined);
      }
    }
  }

  /** Starts all work with fixed ids, so that a repeated start duplicates nothing. */
  async #startRuns(address: string): Promise<void> {
    const { mark, clone } = this.#options;
    if (existsSync(mark)) return;
    const { start }: { readonly start: (tutti: Tutti) => Promise<void> } = await import(clone.startModule);
    const tutti = await connect({ address, namespace: "default" });
    try {
      await start(tutti);
    } finally {
      await tutti.close();
    }
    await mkdir(dirname(mark), { recursive: true, mode: privateModes.folder });
    await writeFile(
      mark,
      "The demonstration was started here. Without this file the next start starts the missing work.\n",
      { mode: privateModes.file },
    );
    this.#logger.info("demo started");
    // The banner names orders only if they existed when it was printed.
    this.#options.print("  The demonstration has started: npx tutti list, npx tutti show order-1002");
  }

  /** Runs the race once. The next start continues an interrupted race, because its sessions have fixed names. */
  async #runRace(): Promise<void> {
    const { mark, clone, url, launch = launchProgram } = this.#options;
    const raced = `${mark}-race`;
    if (existsSync(raced)) return;
    const program = {
      command: process.execPath,
      arguments: ["--import", clone.leashForNode, clone.race],
      environment: { TUTTI_SERVER: url(), RACE_NAME: "race-1" },
    };
    this.#race = launch(program, (line) => this.#logger.debug("demo race output", { said: line }));
    const { code } = await this.#race.ended;
    this.#race = undefined;
    if (code !== 0) return;
    await mkdir(dirname(raced), { recursive: true, mode: privateModes.folder });
    await writeFile(
      raced,
      "The race of the demonstration was run here. Without this file the next start runs it.\n",
      { mode: privateModes.file },
    );
  }

  #typescript(address: string, id: string): Supervised {
    return this.#supervised(`worker-${id}`, [this.#inTypeScript(address, id)]);
  }

  /** Runs a worker in Python if one of the Pythons can run it, otherwise a second worker in TypeScript. */
  #python(address: string, print: (line: string) => void): Supervised {
    const { pythons } = this.#options;
    const instead = this.#inTypeScript(address, "typescript-2");
    const [first = instead, ...others] = pythons.map((command) => this.#inPython(command));
    const programs: readonly [Program, ...Program[]] = [first, ...others, instead];
    const reasons: string[] = [];
    return this.#supervised("worker-python", programs, (reason) => {
      reasons.push(reason);
      if (reasons.length < pythons.length) return;
      this.#logger.info("both demo workers are in TypeScript", { reasons });
      print(`Both workers are in TypeScript: ${reasons.join("; ")}.`);
      print("For one in Python: pip install protobuf, and start again.");
    });
  }

  #inPython(command: string): Program {
    const { leashForPython, pythonPackage, workerInPython, cache } = this.#options.clone;
    return {
      command,
      arguments: [leashForPython, workerInPython],
      environment: {
        TUTTI_URL: this.#options.url(),
        TUTTI_AGENT_ID: "worker-python",
        PYTHONPATH: pythonPackage,
        // Caches compiled files elsewhere, so that the folders of the package remain as cloned.
        PYTHONPYCACHEPREFIX: cache,
      },
    };
  }

  #inTypeScript(address: string, id: string): Program {
    const { leashForNode, workerInTypeScript } = this.#options.clone;
    return {
      command: process.execPath,
      arguments: ["--import", leashForNode, workerInTypeScript],
      environment: { TUTTI_ADDRESS: address, TUTTI_AGENT_ID: `worker-${id}` },
    };
  }

  #supervised(
    name: string,
    programs: readonly [Program, ...Program[]],
    onFallback: (reason: string) => void = () => {},
  ): Supervised {
    const { foundation, launch = launchProgram } = this.#options;
    return new Supervised({ name, programs, launch, foundation, onFallback });
  }
}

/** Replaces the address for all interfaces with the loopback address. */
export function linkAddress(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]):/, "127.0.0.1:");
}
