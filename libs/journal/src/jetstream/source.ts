/**
 * Reads messages of a stream by their sequences, many at a time.
 *
 * Any server that has the message may answer. An acknowledged sequence has the same content everywhere and for ever, so
 * a change of leaders makes no difference. Only the leader can report that a message does *not* exist, and only once it
 * has all messages that are known to exist.
 */
import type { Msg } from "@nats-io/transport-node";
import { type NatsConnection, natsErrors } from "@tutti/nats";
import type { PartitionName } from "../port.ts";
import { damagedMessage } from "./damage.ts";

export interface StreamEnds {
  /** Sequence of the first message. One above the last if there is none. */
  readonly first: number;
  readonly last: number;
}

export interface StreamMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
}

export interface SourceOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly name: PartitionName;
  /** Maximum time to look for a message that should exist. */
  readonly patienceMs: number;
}

/** Messages read ahead: one at first, doubled with each that is used. */
const aheadMax = 128;
const aheadBytesMax = 4 * 1024 * 1024;

export class StreamSource {
  readonly #options: SourceOptions;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  async ends(): Promise<StreamEnds> {
    const { connection, stream } = this.#options;
    const operation = `question for the ends of the stream ${stream}`;
    return connection.run(operation, async () => {
      const manager = await connection.manager(operation);
      const { state } = await manager.streams.info(stream);
      return { first: state.first_seq, last: state.last_seq };
    });
  }

  /** Returns all messages from one sequence to another, in order. An early end leaves no requests behind. */
  async *messages(from: number, to: number): AsyncGenerator<StreamMessage> {
    const requests: Promise<Uint8Array>[] = [];
    let next = from;
    let ahead = 1;
    for (let sequence = from; sequence <= to; sequence++) {
      // Many at a time, because each single request is a write to the socket, which costs more than all else.
      for (const many = requests.length <= ahead / 2; many && next <= to && requests.length < ahead; next++) {
        const message = this.get(next, to);
        // A reader that stops does not await it.
        message.catch(() => undefined);
        requests.push(message);
      }
      const data = (await requests.shift()) ?? new Uint8Array(0);
      const fitting = Math.max(1, Math.floor(aheadBytesMax / Math.max(1, data.length)));
      ahead = Math.min(ahead * 2, aheadMax, fitting);
      yield { sequence, data };
    }
  }

  /** Returns one message, if the stream is known to have reached `known`. */
  async get(sequence: number, known: number): Promise<Uint8Array> {
    const { connection, patienceMs } = this.#options;
    const { clock } = connection.foundation;
    const untilMs = clock.monotonic() + patienceMs;
    for (let failures = 1; ; failures++) {
      try {
        const found = (await this.#fromAny(sequence)) ?? (await this.#fromLeader(sequence));
        if (found !== undefined) return found;
        await this.#checkMissing(sequence, known, failures);
      } catch (error) {
        if (!natsErrors.unavailable.is(error) || clock.monotonic() > untilMs) throw error;
      }
      await connection.pause(failures);
    }
  }

  /** Returns the last message of a subject, according to the leader. */
  async lastOf(subject: string): Promise<StreamMessage | undefined> {
    const label = `the last message on ${subject}`;
    return this.#read(label, await this.#request("STREAM.MSG.GET", label, { last_by_subj: subject }));
  }

  async #fromAny(sequence: number): Promise<Uint8Array | undefined> {
    const answer = await this.#request("DIRECT.GET", `message ${sequence}`, { seq: sequence }).catch(
      (error: unknown) => {
        // No server answers directly during changes of servers. The leader may.
        if (natsErrors.unavailable.is(error)) return undefined;
        throw error;
      },
    );
    if (answer === undefined || (answer.headers?.code ?? 0) >= 300) return;
    if (answer.headers?.get("Nats-Sequence") !== String(sequence)) return;
    return answer.data;
  }

  async #fromLeader(sequence: number): Promise<Uint8Array | undefined> {
    const label = `message ${sequence}`;
    return this.#read(label, await this.#request("STREAM.MSG.GET", label, { seq: sequence }))?.data;
  }

  /** Reads an answer that only the leader can give. */
  #read(label: string, answer: Msg): StreamMessage | undefined {
    const { message, error } = answer.json<{
      readonly message?: { readonly seq?: number; readonly data?: string };
      readonly error?: { readonly err_code?: number; readonly description?: string };
    }>();
    if (message !== undefined) {
      return { sequence: message.seq ?? 0, data: Buffer.from(message.data ?? "", "base64") };
    }
    if (error?.err_code === notFoundCode) return;
    const operation = `reading of ${label} of the stream ${this.#options.stream}`;
    throw natsErrors.unavailable({ operation, reason: error?.description ?? "an answer without a word" });
  }

  #request(api: string, label: string, body: object): Promise<Msg> {
    const { connection, stream } = this.#options;
    const operation = `reading of ${label} of the stream ${stream}`;
    const timeout = Math.min(readTimeoutMs, connection.settings.requestTimeoutMs);
    return connection.run(operation, () =>
      connection.client(operation).request(`$JS.API.${api}.${stream}`, JSON.stringify(body), { timeout }),
    );
  }

  /** Throws if the message is certainly gone. */
  async #checkMissing(sequence: number, known: number, failures: number): Promise<void> {
    const { stream, name } = this.#options;
    const { first, last } = await this.ends();
    if (first > sequence) throw new MessagePurgedError(first);
    // A new leader may lag behind acknowledged messages for a moment.
    if (last < known || failures < missingMin) return;
    throw damagedMessage(stream, name, sequence, { found: "the message is missing" });
  }
}

/** The message was purged. The stream starts later. */
export class MessagePurgedError extends Error {
  readonly first: number;

  constructor(first: number) {
    super(`the stream starts with message ${first}`);
    this.first = first;
  }
}

/** `no message found` */
const notFoundCode = 10037;
/** A server that has the message answers within milliseconds. After this time another one is asked. */
const readTimeoutMs = 1_000;
/** Number of negative answers before a message counts as missing. */
const missingMin = 3;
