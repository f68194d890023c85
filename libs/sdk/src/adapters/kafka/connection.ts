/**
 * Clients of a cluster of Kafka.
 *
 * 1. The URL is a secret. It is read for each use, so a changed URL takes effect at once.
 * 2. A producer does not retry by itself. A client reconnects to a broker that was unavailable.
 */

import type { Consumer, ConsumerOptions, Producer } from "@platformatic/kafka";
import { isTuttiError } from "@tutti/kernel";
import type { OptionNames } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import type { SecretReference } from "../adapter.ts";
import { clientFor, orAborted, requireReference, unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import type { Caller } from "../source.ts";

export interface KafkaConnectionOptions {
  readonly name: string;
  /**
   * Refers to a URL such as `kafka://host:9092,other:9092`, or `kafkas://user:password@host:9093` with TLS. A user signs in
   * with PLAIN, or with `?mechanism=scram-sha-512` or `?mechanism=scram-sha-256`.
   */
  readonly url: SecretReference;
  /** Refers to the certificates of the authorities that sign the brokers' certificates. Default: those of Node. */
  readonly ca?: SecretReference;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
}

export const connectionOptionNames: OptionNames<KafkaConnectionOptions> = {
  name: true,
  url: true,
  ca: true,
  connectMs: true,
};

export type KafkaProducer = Producer<Buffer, Buffer, Buffer, Buffer>;
export type KafkaConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;

const defaults = { connectMs: 10_000 };
const retryDelayMs = 250;
const mechanisms = { plain: "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512" };
const form = /^kafka(s?):\/\/(?:([^:@/]+):([^@/]*)@)?([^@/?#]+)\/?(?:\?mechanism=([\w-]+))?$/;
/** Errors after which the leader may have written the record. */
const undecided = ["REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "NETWORK_EXCEPTION"];
const unknownCredentials = ["SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE"];

interface Place {
  readonly hosts: readonly string[];
  readonly tls?: { readonly ca?: string };
  readonly user?: string;
  readonly password: string;
  readonly mechanism: string;
}

type Group = Pick<ConsumerOptions<Buffer, Buffer, Buffer, Buffer>, "groupId" | "retries">;

export class KafkaConnections {
  readonly #options: KafkaConnectionOptions;
  #known: { readonly text: string; readonly opening: Promise<KafkaProducer> } | undefined;

  constructor(options: KafkaConnectionOptions) {
    this.#options = options;
    requireReference(options.name, options.url, "env:SHOP_KAFKA");
  }

  close(): void {
    this.#known?.opening.then((producer) => producer.close()).catch(() => {});
    this.#known = undefined;
  }

  /** Works with the shared producer. */
  produce<T>(operation: string, caller: Caller, work: (producer: KafkaProducer) => Promise<T>): Promise<T> {
    return this.#run(operation, caller, (text, place) =>
      orAborted(caller.signal, async () => {
        if (this.#known?.text !== text) this.close();
        this.#known ??= { text, opening: this.#producer(place) };
        return work(await this.#known.opening);
      }),
    );
  }

  /** Works with a separate consumer, which leaves the group after the work. The work ends with the signal. */
  consume<T>(
    operation: string,
    caller: Caller,
    group: Group,
    work: (consumer: KafkaConsumer) => Promise<T>,
  ): Promise<T> {
    return this.#run(operation, caller, async (_text, place) => {
      const { Consumer } = await this.#client();
      const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...this.#base(place), ...group });
      try {
        return await work(consumer);
      } finally {
        await consumer.close(true).catch(() => {});
      }
    });
  }

  #client(): Promise<typeof import("@platformatic/kafka")> {
    return clientFor(this.#options.name, "@platformatic/kafka", () => import("@platformatic/kafka"));
  }

  async #producer(place: Place): Promise<KafkaProducer> {
    const { Producer } = await this.#client();
    return new Producer<Buffer, Buffer, Buffer, Buffer>({ ...this.#base(place), acks: -1 });
  }

  #base({ hosts, tls, user, password, mechanism }: Place) {
    const { name, connectMs = defaults.connectMs } = this.#options;
    return {
      clientId: `tutti-${name}`,
      bootstrapBrokers: [...hosts],
      connectTimeout: connectMs,
      retries: 0,
      retryDelay: retryDelayMs,
      ...(tls !== undefined && { tls, tlsServerName: true }),
      ...(user !== undefined && { sasl: { mechanism: mechanism as "PLAIN", username: user, password } }),
    };
  }

  #placeOf(text: string, ca: string | undefined): Place {
    const [, secure, user, password = "", hosts = "", mechanismName = "plain"] = form.exec(text) ?? [];
    const mechanism = mechanisms[mechanismName as keyof typeof mechanisms];
    const parts = hosts.split(",").map((host) => (/:\d+$/.test(host) ? host : `${host}:9092`));
    if (hosts === "" || mechanism === undefined || parts.some((part) => !URL.canParse(`tcp://${part}`)))
      throw adapterErrors.invalid({
        adapter: this.#options.name,
        problem: `${this.#options.url} has no URL such as kafka://user:password@host:9092`,
      });
    return {
      hosts: parts,
      mechanism,
      password: decodeURIComponent(password),
      ...(secure === "s" && { tls: ca === undefined ? {} : { ca } }),
      ...(user !== undefined && { user: decodeURIComponent(user) }),
    };
  }

  async #run<T>(
    operation: string,
    caller: Caller,
    work: (text: string, place: Place) => Promise<T>,
  ): Promise<T> {
    const { signal } = caller;
    signal.throwIfAborted();
    const { url, ca } = this.#options;
    const text = await caller.secret(url);
    const place = this.#placeOf(text, ca === undefined ? undefined : await caller.secret(ca));
    try {
      return await work(text, place);
    } catch (error) {
      if (signal.aborted || isTuttiError(error) || error instanceof Busy) throw error;
      throw failureOf(operation, error, place);
    }
  }
}

interface Leaf {
  readonly code?: unknown;
  readonly message?: string;
  readonly syscall?: string;
  readonly apiId?: string;
  readonly canRetry?: boolean;
  readonly needsRejoin?: boolean;
}

/** Returns the innermost errors. The client nests errors, with gaps for successful parts. */
function leavesOf(error: unknown): readonly Leaf[] {
  const { errors = [], cause } = error as { readonly errors?: readonly unknown[]; readonly cause?: unknown };
  const inner = [...errors, cause].filter((candidate) => candidate !== undefined && candidate !== null);
  return inner.length === 0 ? [error as Leaf] : inner.flatMap(leavesOf);
}

/** Returns whether a failed request did not reach a broker. */
export function isUnsent(error: unknown): boolean {
  return leavesOf(error).every(
    ({ syscall, message = "" }) => syscall === "connect" || /^Connection to .* timed out/.test(message),
  );
}

/** Converts an error of the client to an adapter error. */
function failureOf(operation: string, error: unknown, { hosts, password }: Place): Error {
  const leaves = leavesOf(error);
  const leaf = leaves.find(({ apiId }) => apiId !== undefined) ?? leaves.at(-1) ?? {};
  const { apiId, code, canRetry, needsRejoin, message = String(error) } = leaf;
  const reason = withoutSecrets(apiId === undefined ? message : `${message} (${apiId})`, [password]);
  const details = { operation, reason };
  if (code === "PLT_KFK_AUTHENTICATION" || unknownCredentials.includes(String(apiId)))
    return adapterErrors.notSignedIn(details);
  if (apiId === "UNKNOWN_TOPIC_OR_PARTITION" || /^Unknown topic /.test(message))
    return adapterErrors.refused(details);
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(hosts[0] ?? "") ?? [];
  if (apiId === undefined || undecided.includes(apiId))
    return adapterErrors.unreachable({
      operation,
      reason: unreachableReason(String(code), reason, { host, port }),
    });
  return canRetry || needsRejoin ? adapterErrors.failed(details) : adapterErrors.refused(details);
}
