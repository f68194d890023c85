/**
 * The links and streams with something to send in this turn.
 *
 * 1. Each is listed at most once. A link or stream knows by itself whether it is listed.
 * 2. `flush` empties both lists before it sends: additions during a send are sent in the next turn.
 */

/** A link or a stream. */
interface Sendable {
  flush(): void;
}

export class Outbox {
  #links: Sendable[] = [];
  #streams: Sendable[] = [];

  addLink(link: Sendable): void {
    this.#links.push(link);
  }

  addStream(stream: Sendable): void {
    this.#streams.push(stream);
  }

  /** Sends one batch per link and per stream. */
  flush(): void {
    if (this.#links.length > 0) {
      const links = this.#links;
      this.#links = [];
      for (const link of links) link.flush();
    }
    if (this.#streams.length > 0) {
      const streams = this.#streams;
      this.#streams = [];
      for (const stream of streams) stream.flush();
    }
  }
}
