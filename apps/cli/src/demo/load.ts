/** Starts the runs of the proof and reads their state from the platform, while it is killed. */
import { Client, RestError } from "@tutti/rest/client";
import type { ObservedEvent } from "./proof.ts";

/** Time of the command. */
export interface Patience {
  pause(durationMs: number, signal?: AbortSignal): Promise<void>;
  readonly interrupted: AbortSignal;
}

const callMs = 5_000;
const retryMs = 100;
const pageSize = 500;
/** States at the end of a run, as the contracts spell them. */
const endings = /^(completed|failed|cancelled|terminated)$/;

export class Load {
  readonly #client: Client;
  readonly #patience: Patience;
  /** Runs whose start was acknowledged, and how many steps each has. */
  readonly started = new Map<string, number>();
  /** The events read so far, by run. */
  readonly observed = new Map<string, readonly ObservedEvent[]>();

  constructor(url: string, patience: Patience) {
    this.#client = new Client({ url });
    this.#patience = patience;
  }

  async register(text: string): Promise<void> {
    await this.#retried(() => this.#client.call("workflows.register", { body: { format: "yaml", text } }));
  }

  /** Starts runs of three to five steps with a limited concurrency. Retries a start without a reply with its id. */
  async start(count: number, concurrency: number): Promise<void> {
    let next = 0;
    const startNext = async (): Promise<void> => {
      while (next < count && !this.#patience.interrupted.aborted) {
        const number = next++;
        const runId = `run-${String(number + 1).padStart(4, "0")}`;
        const steps = 3 + (number % 3);
        await this.#retried(() =>
          this.#client.call("runs.start", {
            body: { runId, definition: "proof-transfer", input: { steps } },
            timeoutMs: callMs,
          }),
        );
        this.started.set(runId, steps);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, startNext));
  }

  /** Reads the histories in turn until the signal aborts. Events that were read are acknowledged. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const runs = [...this.started.keys()];
      if (runs.length === 0) await this.#patience.pause(retryMs, signal);
      for (const run of runs) {
        if (signal.aborted) return;
        try {
          const events = await this.#history(run);
          if (events.length >= (this.observed.get(run)?.length ?? 0)) this.observed.set(run, events);
        } catch (error) {
          if (!isPassing(error)) throw error;
          await this.#patience.pause(retryMs, signal);
        }
      }
    }
  }

  /** Returns how many runs have ended. The list is a moment behind the runs. */
  async countEnded(): Promise<number> {
    const query = { by: "status", definition: "proof-transfer" } as const;
    const { counts } = await this.#retried(() =>
      this.#client.call("runs.count", { query, timeoutMs: callMs }),
    );
    return counts.reduce((sum, { value = "", count = 0 }) => sum + (endings.test(value) ? count : 0), 0);
  }

  /** Returns all events of all started runs, by run. A missing run has no entry. */
  async journal(): Promise<ReadonlyMap<string, readonly ObservedEvent[]>> {
    const journal = new Map<string, readonly ObservedEvent[]>();
    for (const run of this.started.keys())
      journal.set(run, await this.#retried(() => this.#history(run), []));
    return journal;
  }

  async #history(id: string): Promise<readonly ObservedEvent[]> {
    const events: ObservedEvent[] = [];
    let token = "";
    do {
      const query = { size: pageSize, ...(token !== "" && { token }) };
      const page = await this.#client.call("runs.history", { params: { id }, query, timeoutMs: callMs });
      for (const { event = 0, type, taskId = "", timeMs = 0 } of page.events)
        events.push({ event, type, task: taskId, timeMs });
      token = page.nextToken ?? "";
    } while (token !== "");
    return events;
  }

  /** Repeats a call until it succeeds. Returns `missing`, if given, for a missing object. */
  async #retried<Answer>(call: () => Promise<Answer>, missing?: Answer): Promise<Answer> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (missing !== undefined && error instanceof RestError && error.status === 404) return missing;
        if (!isPassing(error) || this.#patience.interrupted.aborted) throw error;
        await this.#patience.pause(retryMs, this.#patience.interrupted);
      }
    }
  }
}

/** Whether an error is expected: no reply, a late reply, or a process that is not ready. */
function isPassing(error: unknown): boolean {
  if (error instanceof RestError) return error.retry !== "never" || error.status === 0 || error.status >= 500;
  return error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
}
