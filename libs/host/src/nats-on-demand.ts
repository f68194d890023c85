import type { Configuration, Foundation } from "@tutti/kernel";
import type { NatsConnection } from "@tutti/nats";
import { natsSection } from "@tutti/nats/settings";

/** The process's one connection to NATS, made when somebody asks for it: its code takes memory that most never need. */
export class NatsOnDemand {
  readonly #configuration: Configuration;
  readonly #foundation: Foundation;
  #made: NatsConnection | undefined;

  constructor(configuration: Configuration, foundation: Foundation) {
    this.#configuration = configuration;
    this.#foundation = foundation;
  }

  get made(): NatsConnection | undefined {
    return this.#made;
  }

  async connection(): Promise<NatsConnection> {
    const { connectionSettings, NatsConnection } = await import("@tutti/nats");
    this.#made ??= new NatsConnection({
      settings: connectionSettings(this.#configuration.read(natsSection)),
      foundation: this.#foundation,
    });
    return this.#made;
  }
}
