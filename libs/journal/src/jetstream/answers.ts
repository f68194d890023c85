import { createInbox, headers, type Msg } from "@nats-io/transport-node";
import type { KeptSubscription, NatsConnection } from "@tutti/nats";

/** Answer of the server to a message for a stream. */
export type Answer =
  | { readonly kind: "accepted"; readonly sequence: number }
  /** The expected message is not the last one. `found` is its number, if the server named it. */
  | { readonly kind: "moved"; readonly found: number | undefined }
  | { readonly kind: "full"; readonly reason: string }
  /** Any other answer: the message may have taken effect. */
  | { readonly kind: "unclear"; readonly reason: string };

/** The last message that a message expects: in the stream, or in its subject. 0 for none. */
export type Expected = { readonly last: number } | { readonly lastOfSubject: number };

/** Publishes messages and passes each answer to its caller. One instance serves all partitions of a journal. */
export class Answers {
  readonly #connection: NatsConnection;
  readonly #inbox = createInbox();
  readonly #subscription: KeptSubscription;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #tokens = 0;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, (message) => this.#receive(message));
  }

  /** Sends a message. Throws if there is no connection: then nothing was sent. Returns a token for `cancel`. */
  send(subject: string, message: Uint8Array, expected: Expected, onAnswer: (answer: Answer) => void): number {
    const token = ++this.#tokens;
    const head = headers();
    if ("last" in expected) head.set("Nats-Expected-Last-Sequence", String(expected.last));
    else head.set("Nats-Expected-Last-Subject-Sequence", String(expected.lastOfSubject));
    this.#connection
      .client("append to the journal")
      .publish(subject, message, { headers: head, reply: `${this.#inbox}.${token}` });
    this.#waiting.set(token, onAnswer);
    return token;
  }

  /** Ignores a later answer. */
  cancel(token: number): void {
    this.#waiting.delete(token);
  }

  close(): void {
    this.#subscription.close();
    this.#waiting.clear();
  }

  #receive(message: Msg): void {
    const token = Number(message.subject.slice(this.#inbox.length + 1));
    const onAnswer = this.#waiting.get(token);
    if (onAnswer === undefined) return;
    this.#waiting.delete(token);
    onAnswer(answerOf(message));
  }
}

function answerOf(message: Msg): Answer {
  if (message.headers?.code === 503) return { kind: "unclear", reason: "no server has the stream" };
  const { seq, error } = message.json<{
    readonly seq?: number;
    readonly error?: { readonly err_code?: number; readonly description?: string };
  }>();
  if (error === undefined && seq !== undefined && seq > 0) return { kind: "accepted", sequence: seq };
  const { err_code: code = 0, description: reason = "an answer without a word" } = error ?? {};
  if (movedCodes.includes(code)) {
    const found = /wrong last sequence: (\d+)/.exec(reason)?.[1];
    return { kind: "moved", found: found === undefined ? undefined : Number(found) };
  }
  const isFull = fullCodes.includes(code) || (code === storeFailedCode && /^maximum/.test(reason));
  return isFull ? { kind: "full", reason } : { kind: "unclear", reason };
}

/** `wrong last sequence`, with and without the number. */
const movedCodes: readonly number[] = [10071, 10164];
/** Storage or memory of the server, resources, limits of the account: checked before anything is written. */
const fullCodes: readonly number[] = [10002, 10023, 10028, 10047];
/** A write failed half-way, or hit a limit of the stream. */
const storeFailedCode = 10077;
