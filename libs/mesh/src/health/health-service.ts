/** `grpc.health.v1`: whether this process, and each of its contracts, accepts calls. For load balancers and probes. */
import type { CallContext } from "@tutti/kernel";
import { meshErrors } from "../errors.ts";
import type { MeshServer } from "../server/mesh-server.ts";
import { type HealthReply, healthContract, type ServingStatus, servingStatus } from "./health-contract.ts";

export class HealthService {
  readonly #server: MeshServer;
  readonly #watchers = new Set<() => void>();
  #ready = true;
  #draining = false;

  constructor(server: MeshServer) {
    this.#server = server;
  }

  /** Serves from now on. */
  serve(): void {
    const handlers = {
      check: ({ service = "" }) => this.#check(service),
      watch: ({ service = "" }, context: CallContext) => this.#watch(service, context.signal),
    };
    this.#server.serve(healthContract, handlers, { builtin: true });
  }

  /** Sets whether the process accepts calls. A draining process does not. */
  setReady(ready: boolean): void {
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#changed();
  }

  get isServing(): boolean {
    return this.#ready && !this.#draining;
  }

  /** From now on nothing serves. */
  drain(): void {
    this.#draining = true;
    this.#changed();
  }

  #statusOf(contract: string): ServingStatus {
    if (contract !== "" && !this.#server.contracts.includes(contract)) return servingStatus.serviceUnknown;
    return this.isServing ? servingStatus.serving : servingStatus.notServing;
  }

  #check(contract: string): HealthReply {
    const status = this.#statusOf(contract);
    if (status !== servingStatus.serviceUnknown) return { status };
    throw meshErrors.unknownContract({ contract });
  }

  async *#watch(contract: string, signal: AbortSignal): AsyncGenerator<HealthReply, void> {
    let reported: ServingStatus | undefined;
    while (!signal.aborted) {
      const status = this.#statusOf(contract);
      if (status !== reported) {
        reported = status;
        yield { status };
        continue;
      }
      // There are no further changes, and an open stream would delay the drain.
      if (this.#draining) return;
      await this.#change(signal);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#watchers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#watchers.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  #changed(): void {
    for (const notify of [...this.#watchers]) notify();
  }
}
