/** The thread with the store of facts. */
import { RequestThread } from "@tutti/journal";
import { programFileOf, type Timers } from "@tutti/kernel";
import { insightErrors } from "../../errors.ts";
import type { FactCall, FactCalls, FactThreadData, ToFactThread } from "./messages.ts";

const idleMs = 1_000;

export class FactThread {
  readonly #thread: RequestThread<ToFactThread>;
  #isStopped = false;

  constructor(workerData: FactThreadData, timers: Pick<Timers, "after">) {
    const file = programFileOf(
      import.meta.url,
      new URL("./worker.ts", import.meta.url),
      "./facts-worker.mjs",
    );
    const deathError = (reason: string) => insightErrors.threadGone({ reason });
    this.#thread = new RequestThread({
      name: "facts",
      file,
      workerData,
      youngMb: 8,
      deathError,
      idleMs,
      timers,
    });
  }

  async request<Call extends FactCall>(
    call: Call,
    body: FactCalls[Call]["request"],
  ): Promise<FactCalls[Call]["answer"]> {
    if (this.#isStopped) throw insightErrors.threadGone({ reason: "it was ended" });
    // The cast: TypeScript does not see that each call has its own request type.
    const message = (id: number) => ({ id, call, request: body }) as ToFactThread;
    return (await this.#thread.request(message)) as FactCalls[Call]["answer"];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#thread.terminate();
  }
}
