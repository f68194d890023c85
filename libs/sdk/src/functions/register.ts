/** Registers the workflows by which durable functions are started. The same content again changes nothing. */

import { answerText, type Logger, reasonOf, type Timer, type Timers } from "@tutti/kernel";
import type { WorkerSettings } from "../worker/settings.ts";
import { definitionOf, type HostedFunction } from "./durable.ts";

interface Registering {
  readonly settings: Pick<WorkerSettings, "server" | "namespace" | "credentials">;
  readonly timers: Timers;
  readonly logger: Logger;
}

const firstPauseMs = 250;
const attemptsMax = 5;
const callMs = 10_000;
const unavailable = 503;

/** After a series of attempts that failed: the platform may have no disk space, or be restarting. */
const pauseMs = 30_000;

/**
 * Registers before the worker links and whenever it links. While functions are missing and the worker runs, it repeats
 * the attempts.
 */
export class Registration {
  #open: readonly HostedFunction[];
  readonly #parts: Registering;
  #isRunning = false;
  #isStopped = false;
  #timer: Timer | undefined;

  constructor(functions: readonly HostedFunction[], parts: Registering) {
    this.#open = functions;
    this.#parts = parts;
  }

  /** Resolves when all are registered, or after a few attempts: the workflows may be there from before. */
  async run(): Promise<void> {
    if (this.#isRunning || this.#isStopped || this.#open.length === 0) return;
    this.#isRunning = true;
    this.#timer?.cancel();
    await this.#attempts();
    this.#isRunning = false;
    if (this.#open.length > 0 && !this.#isStopped)
      this.#timer = this.#parts.timers.after(pauseMs, () => void this.run());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #attempts(): Promise<void> {
    const { settings, timers, logger } = this.#parts;
    const { server } = settings;
    const names = () => this.#open.map(({ fn }) => fn.name).join(", ");
    if (server === "") {
      logger.warn("durable functions are not registered: set TUTTI_URL", { names: names() });
      this.#open = [];
      return;
    }
    for (let attempt = 1; ; attempt++) {
      const problems = await Promise.all(this.#open.map((hosted) => register(hosted, settings, timers)));
      this.#open = this.#open.filter((_, index) => problems[index] !== undefined);
      const problem = problems.find((each) => each !== undefined);
      if (problem === undefined || this.#isStopped) return;
      if (attempt === attemptsMax) {
        const details = { names: names(), server, problem: problem.text };
        // A worker that starts before its platform has no error.
        if (problem.isPassing) logger.info("durable functions are not registered yet, retrying", details);
        else logger.error("durable functions are not registered, retrying", details);
        return;
      }
      await new Promise<void>((resolve) => {
        timers.after(firstPauseMs * 2 ** (attempt - 1), resolve);
      });
    }
  }
}

interface Problem {
  readonly text: string;
  /** The platform starts, or is not there yet. */
  readonly isPassing: boolean;
}

/** Registers a function. Returns the problem if that fails. */
async function register(
  hosted: HostedFunction,
  { server, namespace, credentials }: Registering["settings"],
  timers: Timers,
): Promise<Problem | undefined> {
  const { accessToken } = credentials;
  const { version, percent } = hosted;
  // A worker of an older version that restarts must not get the new runs.
  const pinned = version !== undefined && { versionLabels: [version], rolloutPercent: percent };
  const url = `${server}/v1/workflows?namespace=${encodeURIComponent(namespace)}`;
  const late = new AbortController();
  const timer = timers.after(callMs, () => late.abort());
  try {
    const answer = await fetch(url, {
      method: "POST",
      // The token is shown to no other service.
      redirect: "error",
      signal: late.signal,
      headers: {
        "content-type": "application/json",
        ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify({ format: "json", text: JSON.stringify(definitionOf(hosted)), ...pinned }),
    });
    if (answer.ok) return undefined;
    const text = textOf(await answerText(answer));
    return { text: `${answer.status} ${text.slice(0, 1_000)}`, isPassing: answer.status === unavailable };
  } catch (error) {
    return { text: reasonOf(error), isPassing: true };
  } finally {
    timer.cancel();
  }
}

/** The detail of a problem, else all of the answer. */
function textOf(answer: string): string {
  try {
    const { detail } = JSON.parse(answer) as { readonly detail?: unknown };
    return typeof detail === "string" ? detail : answer;
  } catch {
    return answer;
  }
}
