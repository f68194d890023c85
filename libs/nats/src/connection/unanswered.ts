import { errors } from "@nats-io/transport-node";

/** Questions to the server that have no answer yet, so that all can be given up the moment it is lost. */
export class Unanswered {
  readonly #waiting = new Set<(reason: Error) => void>();

  /** Settles with the work, or rejects as soon as the connection is lost. */
  async wait<T>(work: () => Promise<T>): Promise<T> {
    const lost = Promise.withResolvers<never>();
    this.#waiting.add(lost.reject);
    try {
      return await Promise.race([work(), lost.promise]);
    } finally {
      this.#waiting.delete(lost.reject);
    }
  }

  abandon(): void {
    const reason = new errors.ConnectionError("the connection was lost before an answer came");
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }
}
