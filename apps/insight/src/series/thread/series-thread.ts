/** The thread with the store of series. Packing and reading take longer than other work should wait. */
import { RequestThread } from "@tutti/journal";
import { programFileOf, type Timers } from "@tutti/kernel";
import { insightErrors } from "../../errors.ts";
import type { SeriesCall, SeriesCalls, SeriesThreadData, ToSeriesThread } from "./messages.ts";

/** A batch arrives each minute. Between two batches an idle thread would only take memory. */
const idleMs = 1_000;

export class SeriesThread {
  readonly #thread: RequestThread<ToSeriesThread>;
  readonly #now: () => number;
  #isStopped = false;

  constructor(workerData: SeriesThreadData, now: () => number, timers: Pick<Timers, "after">) {
    const file = programFileOf(
      import.meta.url,
      new URL("./worker.ts", import.meta.url),
      "./series-worker.mjs",
    );
    const deathError = (reason: string) => insightErrors.threadGone({ reason });
    this.#thread = new RequestThread({
      name: "series",
      file,
      workerData,
      youngMb: 8,
      deathError,
      idleMs,
      timers,
    });
    this.#now = now;
  }

  async request<Call extends SeriesCall>(
    call: Call,
    body: SeriesCalls[Call]["request"],
  ): Promise<SeriesCalls[Call]["answer"]> {
    if (this.#isStopped) throw insightErrors.threadGone({ reason: "it was ended" });
    const nowMs = this.#now();
    // The cast: TypeScript does not see that each call has its own request type.
    const message = (id: number) => ({ id, call, nowMs, request: body }) as ToSeriesThread;
    return (await this.#thread.request(message)) as SeriesCalls[Call]["answer"];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#thread.terminate();
  }
}
