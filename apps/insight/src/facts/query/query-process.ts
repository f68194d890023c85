/**
 * The process that answers queries about facts. SQLite cannot be interrupted within a step, and a thread within a step
 * cannot be ended. A process can be killed.
 *
 * 1. It starts with the first query, answers one query at a time, and ends after a while without a query.
 * 2. A query that takes too long is ended with its process. The next query starts another process.
 */
import { type ChildProcess, fork } from "node:child_process";
import { programFileOf, type Timer, type Timers } from "@tutti/kernel";
import type { AnalysisFound, AnalysisQuery } from "../../analysis/analyse.ts";
import type { LoadQuery, PoolLoad } from "../../analysis/recorded-load.ts";
import type { ReplayFound, ReplayQuery } from "../../analysis/replay-recorded.ts";
import { insightErrors } from "../../errors.ts";
import type { FactQuery, QueryAnswer } from "./answer.ts";
import type { FromQueryProcess, ToQueryProcess } from "./process.ts";

export interface QueryLimits {
  /** Default: 10 s. */
  readonly timeMaxMs?: number;
  /** Maximum memory of the process. Default: 256 MB. */
  readonly memoryMb?: number;
  /** Maximum number of queries that wait. Default: 16. */
  readonly waitingMax?: number;
}

const idleMs = 10_000;

export class QueryProcess {
  readonly #timers: Timers;
  readonly #timeMaxMs: number;
  readonly #waitingMax: number;
  readonly #memoryMb: number;
  #child: ChildProcess | undefined;
  #idle: Timer | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(timers: Timers, { timeMaxMs = 10_000, waitingMax = 16, memoryMb = 256 }: QueryLimits = {}) {
    this.#timers = timers;
    this.#timeMaxMs = timeMaxMs;
    this.#waitingMax = waitingMax;
    this.#memoryMb = memoryMb;
  }

  async query(query: FactQuery): Promise<QueryAnswer> {
    const answer = await this.#inTurn({ query });
    if ("answer" in answer) return answer.answer;
    throw insightErrors.threadGone({ reason: "problem" in answer ? answer.problem : "another answer" });
  }

  async analyse(analysis: AnalysisQuery): Promise<AnalysisFound> {
    const answer = await this.#inTurn({ analysis });
    if ("found" in answer) return answer.found;
    throw insightErrors.threadGone({ reason: "problem" in answer ? answer.problem : "another answer" });
  }

  async load(load: LoadQuery): Promise<readonly PoolLoad[]> {
    const answer = await this.#inTurn({ load });
    if ("loads" in answer) return answer.loads;
    throw insightErrors.threadGone({ reason: "problem" in answer ? answer.problem : "another answer" });
  }

  async replay(replay: ReplayQuery): Promise<ReplayFound> {
    const answer = await this.#inTurn({ replay });
    if ("replayed" in answer) return answer.replayed;
    throw insightErrors.threadGone({ reason: "problem" in answer ? answer.problem : "another answer" });
  }

  async #inTurn(message: ToQueryProcess): Promise<FromQueryProcess> {
    if (this.#waiting >= this.#waitingMax) throw insightErrors.queriesTooMany({ most: this.#waitingMax });
    this.#waiting++;
    const answer = this.#last.then(() => this.#request(message));
    this.#last = answer.catch(() => {});
    try {
      return await answer;
    } finally {
      this.#waiting--;
    }
  }

  stop(): void {
    this.#idle?.cancel();
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #request(message: ToQueryProcess): Promise<FromQueryProcess> {
    this.#idle?.cancel();
    const child = this.#running();
    child.ref();
    child.channel?.ref();
    let limit: Timer | undefined;
    try {
      return await new Promise<FromQueryProcess>((resolve, reject) => {
        child.once("message", (answer) => resolve(answer as FromQueryProcess));
        child.once("exit", () => reject(insightErrors.threadGone({ reason: "its process ended" })));
        limit = this.#timers.after(this.#timeMaxMs, () => {
          this.stop();
          reject(insightErrors.queryTooLong({ limitMs: this.#timeMaxMs }));
        });
        child.send(message, (error) => error && reject(insightErrors.threadGone({ reason: error.message })));
      });
    } finally {
      limit?.cancel();
      child.removeAllListeners("message").removeAllListeners("exit");
      child.unref();
      child.channel?.unref();
      this.#idle = this.#timers.after(idleMs, () => this.stop());
    }
  }

  #running(): ChildProcess {
    if (this.#child?.connected === true) return this.#child;
    const file = programFileOf(
      import.meta.url,
      new URL("./process.ts", import.meta.url),
      "./facts-query.mjs",
    );
    // Nothing of the environment, because it contains secrets of the installation.
    this.#child = fork(file, {
      env: {},
      execArgv: [`--max-old-space-size=${this.#memoryMb}`],
      stdio: "ignore",
    });
    this.#child.on("error", () => {});
    return this.#child;
  }
}
