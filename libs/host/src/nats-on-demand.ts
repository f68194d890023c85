import type { Configuration, Foundation } from "@tutti/kernel";
import type { NatsConnection } from "@tutti/nats";
import { natsSection } from "@tutti/nats/settings";
import { hostErrors } from "./errors.ts";

/** The process's one connection to NATS, made when a caller asks for it: its code takes memory that most never need. */
export class NatsOnDemand {
  readonly #configuration: Configuration;
  readonly #foundation: Foundation;
  #made: NatsConnection | undefined;
  #settled = false;

  constructor(configuration: Configuration, foundation: Foundation) {
    this.#configuration = configuration;
    this.#foundation = foundation;
  }

  /**
   * Returns the connection that the process has to start, if a component asked for one. After this call, no component
   * can be the first.
   */
  settle(): NatsConnection | undefined {
    this.#settled = true;
    return this.#made;
  }

  async connection(): Promise<NatsConnection> {
    const { connectionSettings, NatsConnection } = await import("@tutti/nats");
    // No component would start it.
    if (this.#made === undefined && this.#settled) throw hostErrors.natsAskedLate();
    this.#made ??= new NatsConnection({
      settings: connectionSettings(this.#configuration.read(natsSection)),
      foundation: this.#foundation,
    });
    return this.#made;
  }
}
