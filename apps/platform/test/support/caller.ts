/** A process inside the test that only calls, like any service that uses other services. */
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { type Note, note, noteService } from "@tutti/mesh/testing";

export interface Caller extends AsyncDisposable {
  /** Address of its own metrics. */
  readonly http: string;
  readonly notes: Client<typeof noteService>;
}

export async function openCaller(flags: readonly string[]): Promise<Caller> {
  const host = await ServiceHost.open({
    name: "caller",
    version: "0.0.0",
    services: [],
    sources: memorySources({
      arguments: ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.level=fatal", ...flags],
    }),
  });
  await host.start();
  return {
    http: host.url,
    notes: host.mesh.client(noteService),
    [Symbol.asyncDispose]: () => host.stop(),
  };
}

/** Calls without a pause, several concurrently, until stopped: repeatable calls, and calls with idempotency keys. */
export class Load {
  readonly failures: unknown[] = [];
  readonly #answered: (() => void)[] = [];
  readonly #loops: Promise<void>[];
  readonly #byInstance = new Map<string, number>();
  #calls = 0;
  #over = false;

  constructor({ notes }: Caller, { parallel = 8 } = {}) {
    this.#loops = Array.from({ length: parallel }, () => this.#loop(notes));
  }

  get calls(): number {
    return this.#calls;
  }

  /** Returns the number of calls that the process with this id has answered. */
  answeredBy(processId: string): number {
    return this.#byInstance.get(processId) ?? 0;
  }

  /** Waits for this number of further calls. */
  async more(calls: number): Promise<void> {
    const target = this.#calls + calls;
    while (this.#calls < target) await new Promise<void>((resolve) => this.#answered.push(resolve));
  }

  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#loops);
  }

  async #loop(notes: Client<typeof noteService>): Promise<void> {
    while (!this.#over) {
      try {
        const { get, put } = notes;
        if (this.#calls % 4 === 0) await put(note({ key: `load-${this.#calls}` }));
        else this.#count(await get(note({ text: "load" })));
      } catch (error) {
        this.failures.push(error);
      }
      this.#calls++;
      for (const notify of this.#answered.splice(0)) notify();
    }
  }

  #count({ tags: [processId = ""] }: Note): void {
    this.#byInstance.set(processId, this.answeredBy(processId) + 1);
  }
}
