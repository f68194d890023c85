import type { Configuration, Foundation } from "@tutti/kernel";
import type { NatsConnection } from "@tutti/nats";
import { natsSection } from "@tutti/nats/settings";
import { hostErrors } from "./errors.ts";

/** The process's one connection to NATS, created on request: its code takes memory that most processes never need. */
export class NatsOnDemand {
  readonly #configuration: Configuration;
  readonly #foundation: Foundation;
  #connection: NatsConnection | undefined;
  #settled = false;

  constructor(configuration: Configuration, foundation: Foundation) {
    this.#configuration = configuration;
    this.#foundation = foundation;
  }

  /**
   * Returns the connection that the process must start, if a component requested one. After this call, no component can
   * be the first to request one.
   */
  finalize(): NatsConnection | undefined {
    this.#settled = true;
    return this.#connection;
  }

  async connection(): Promise<NatsConnection> {
    const { connectionSettings, NatsConnection } = await import("@tutti/nats");
    // No component would start it.
    if (this.#connection === undefined && this.#settled) throw hostErrors.natsAskedLate();
    this.#connection ??= new NatsConnection({
      settings: connectionSettings(this.#configuration.read(natsSection)),
      foundation: this.#foundation,
    });
    return this.#connection;
  }
}
