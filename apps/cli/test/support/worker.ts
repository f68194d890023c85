import { Client, RestError } from "@tutti/rest/client";
import type { ClaimedTask } from "@tutti/rest/types";

export type Work = (input: Readonly<Record<string, unknown>>, attempt: number) => Promise<unknown> | unknown;

/**
 * A worker that polls, as two lines of curl do. It outlives the platform, and retries results that the platform did not
 * accept.
 */
export class PollingWorker implements AsyncDisposable {
  readonly #client: Client;
  readonly #works: Readonly<Record<string, Work>>;
  readonly #agentId: string;
  readonly #version: string;
  readonly #over = new AbortController();
  readonly #running: Promise<void>;

  constructor(url: string, works: Readonly<Record<string, Work>>, agentId = "polling-1", version = "1.0.0") {
    this.#client = new Client({ url });
    this.#works = works;
    this.#agentId = agentId;
    this.#version = version;
    this.#running = this.#poll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #poll(): Promise<void> {
    const offering = {
      slots: 8,
      capabilities: Object.keys(this.#works).map((name) => ({ name, version: this.#version })),
    };
    while (!this.#over.signal.aborted) {
      const claimed = await this.#persist(() =>
        this.#client.call("tasks.claim", {
          // The lease outlasts a test even on a slow machine.
          body: { agentId: this.#agentId, offering, count: 8, waitMs: 2_000, leaseMs: 600_000 },
          signal: this.#over.signal,
        }),
      );
      for (const task of claimed?.tasks ?? []) void this.#execute(task);
    }
  }

  async #execute({ token = "", capability = "", input, attempt = 1 }: ClaimedTask): Promise<void> {
    const work = this.#works[capability];
    // The cast: the definitions of these tests set the inputs.
    const values = (input ?? {}) as Readonly<Record<string, unknown>>;
    const outcome = await Promise.resolve()
      .then(() => work?.(values, attempt))
      .then(
        (output) => ({ token, output: output ?? null }),
        (error: Error) => ({ token, failed: { code: "test.failed", message: error.message } }),
      );
    await this.#persist(() =>
      this.#client.call("tasks.complete", {
        body: { agentId: this.#agentId, completions: [outcome] },
        signal: this.#over.signal,
      }),
    );
  }

  /** Retries while the platform is unreachable or has paused the agent. */
  async #persist<T>(request: () => Promise<T>): Promise<T | undefined> {
    while (!this.#over.signal.aborted) {
      try {
        return await request();
      } catch (error) {
        if (this.#over.signal.aborted) return undefined;
        const isOfLater = error instanceof RestError && (error.status === 0 || error.status >= 500);
        if (!isOfLater && (error as RestError).code !== "swarm.agent_held") throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
    return undefined;
  }
}
