/**
 * Objects: bytes under a name, a message each, in a stream that keeps the last message of every subject.
 *
 * 1. An object is durable when `put` has resolved.
 * 2. A name of an archive's object is never reused, so its content is the same on every server. Only the leader can
 *    report that a name has no object.
 */
import { type NatsConnection, natsErrors, wrongRevisionOf } from "@tutti/nats";

export interface StoreOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** Prefix of all subjects. */
  readonly root: string;
}

/** An object with its sequence, which a conditional write names. */
export interface StoredObject {
  readonly data: Uint8Array;
  readonly sequence: number;
}

/** Number of negative answers of a leader before an object counts as missing. */
const missingMin = 5;
const notFoundCode = 10037;
const readTimeoutMs = 1_000;
const concurrency = 8;

export class ObjectStore {
  readonly stream: string;
  readonly place: string;
  readonly partBytes = 512 * 1024;
  readonly #connection: NatsConnection;
  readonly #root: string;

  constructor({ connection, stream, root }: StoreOptions) {
    this.#connection = connection;
    this.stream = stream;
    this.place = `stream ${stream}`;
    this.#root = root;
  }

  /** Retries without an answer, until the signal is aborted. */
  async put(name: string, data: Uint8Array, signal: AbortSignal): Promise<void> {
    const operation = `writing of the object ${name}`;
    const publish = () => this.#connection.jetstream(operation).publish(this.#subject(name), data);
    await this.#connection.persist(operation, publish, signal);
  }

  /**
   * Writes only if the last object of this name has this sequence, 0 for none. Resolves with the new sequence, or
   * undefined.
   */
  async replace(name: string, data: Uint8Array, sequence: number): Promise<number | undefined> {
    const operation = `replacing of the object ${name}`;
    return this.#connection.run(operation, async () => {
      try {
        const expect = { lastSubjectSequence: sequence };
        const client = this.#connection.jetstream(operation);
        return (await client.publish(this.#subject(name), data, { expect })).seq;
      } catch (error) {
        if (wrongRevisionOf(error) === undefined) throw error;
        return undefined;
      }
    });
  }

  /** Undefined if there is certainly none. */
  async get(name: string): Promise<Uint8Array | undefined> {
    for (let failures = 1; ; failures++) {
      const found = (await this.#fromAny(name)) ?? (await this.latest(name))?.data;
      if (found !== undefined || failures === missingMin) return found;
      await this.#connection.pause(failures);
    }
  }

  /** Returns the object according to the leader. */
  async latest(name: string): Promise<StoredObject | undefined> {
    const answer = await this.#request(`STREAM.MSG.GET.${this.stream}`, name, {
      last_by_subj: this.#subject(name),
    });
    const { message, error } = answer.json<{
      readonly message?: { readonly seq?: number; readonly data?: string };
      readonly error?: { readonly err_code?: number; readonly description?: string };
    }>();
    if (message !== undefined) {
      return { data: Buffer.from(message.data ?? "", "base64"), sequence: message.seq ?? 0 };
    }
    if (error?.err_code === notFoundCode) return;
    const operation = `reading of the object ${name}`;
    throw natsErrors.unavailable({ operation, reason: error?.description ?? "an answer without a word" });
  }

  /** Returns all names that start with these parts. */
  async list(prefix: string): Promise<string[]> {
    const operation = `listing of objects of the stream ${this.stream}`;
    return this.#connection.run(operation, async () => {
      const manager = await this.#connection.manager(operation);
      const { state } = await manager.streams.info(this.stream, {
        subjects_filter: `${this.#subject(prefix)}.>`,
      });
      return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(this.#root.length + 1));
    });
  }

  async remove(names: readonly string[]): Promise<void> {
    const waiting = [...names];
    const removing = async (): Promise<void> => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) await this.#purge(name);
    };
    await Promise.all(Array.from({ length: concurrency }, removing));
  }

  /** Removes messages of a name up to a sequence. A newer one stays. */
  removeUpTo(name: string, sequence: number): Promise<void> {
    return this.#purge(name, sequence + 1);
  }

  #purge(name: string, seq?: number): Promise<void> {
    const operation = `removal of the object ${name}`;
    const filter = this.#subject(name);
    return this.#connection.run(operation, async () => {
      const manager = await this.#connection.manager(operation);
      await manager.streams.purge(this.stream, seq === undefined ? { filter } : { filter, seq });
    });
  }

  async #fromAny(name: string): Promise<Uint8Array | undefined> {
    try {
      const answer = await this.#request(`DIRECT.GET.${this.stream}`, name, {
        last_by_subj: this.#subject(name),
      });
      return (answer.headers?.code ?? 0) >= 300 ? undefined : answer.data;
    } catch (error) {
      // No server answers directly during changes of servers. The leader may.
      if (natsErrors.unavailable.is(error)) return;
      throw error;
    }
  }

  #request(api: string, name: string, body: object) {
    const operation = `reading of the object ${name}`;
    const timeout = Math.min(readTimeoutMs, this.#connection.settings.requestTimeoutMs);
    return this.#connection.run(operation, () =>
      this.#connection.client(operation).request(`$JS.API.${api}`, JSON.stringify(body), { timeout }),
    );
  }

  #subject(name: string): string {
    return `${this.#root}.${name}`;
  }
}
