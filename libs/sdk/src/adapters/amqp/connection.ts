/**
 * Connections to brokers of AMQP 0-9-1, such as RabbitMQ.
 *
 * 1. The URL is a secret. It is read for each use, so a changed URL takes effect at once.
 * 2. The next call replaces a broken connection. A broker closes a channel with its first error, so the connection is
 *    also replaced after an error.
 */
import { isTuttiError } from "@tutti/kernel";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import type { OptionNames } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import type { SecretReference } from "../adapter.ts";
import { clientFor, orAborted, requireReference, unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import { requireParameters } from "../parameters.ts";
import type { Caller } from "../source.ts";

export interface AmqpConnectionOptions {
  readonly name: string;
  /** Refers to a URL such as `amqp://user:password@host:5672/vhost`, or `amqps://` with TLS. */
  readonly url: SecretReference;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
}

export const connectionOptionNames: OptionNames<AmqpConnectionOptions> = {
  name: true,
  url: true,
  connectMs: true,
};
const defaults = { connectMs: 10_000 };
const heartbeatSeconds = 10;
const parameters = ["channelMax", "frameMax", "heartbeat", "locale", "maxFrameSize"];
/** ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED. */
const refusals = [403, 404, 406];

export interface Opened {
  readonly client: ChannelModel;
  /** The channel. The broker confirms its messages. */
  readonly channel: ConfirmChannel;
  /** Rejects when the channel or the connection has ended. */
  readonly lost: Promise<never>;
}

export class AmqpConnections {
  readonly #options: AmqpConnectionOptions;
  #known: { readonly text: string; readonly opening: Promise<Opened> } | undefined;

  constructor(options: AmqpConnectionOptions) {
    this.#options = options;
    requireReference(options.name, options.url, "env:SHOP_AMQP");
  }

  close(): void {
    this.#known?.opening.then(({ client }) => client.close()).catch(() => {});
    this.#known = undefined;
  }

  /** Works with the shared connection. */
  async use<T>(operation: string, caller: Caller, work: (opened: Opened) => Promise<T>): Promise<T> {
    const text = await this.#secret(caller);
    return this.#run(operation, text, caller, async () => {
      if (this.#known?.text !== text) this.close();
      const known = this.#known ?? { text, opening: this.#open(text) };
      this.#known = known;
      const forget = () => {
        if (this.#known === known) this.#known = undefined;
      };
      try {
        const opened = await known.opening;
        opened.lost.catch(forget);
        return await Promise.race([work(opened), opened.lost]);
      } catch (error) {
        if (isTuttiError(error)) throw error;
        known.opening.then(({ client }) => client.close()).catch(() => {});
        forget();
        throw error;
      }
    });
  }

  /** Works with a separate connection, which ends with the work. */
  async dedicated<T>(operation: string, caller: Caller, work: (opened: Opened) => Promise<T>): Promise<T> {
    const text = await this.#secret(caller);
    return this.#run(operation, text, caller, async () => {
      const opened = await this.#open(text);
      try {
        return await work(opened);
      } finally {
        await opened.client.close().catch(() => {});
      }
    });
  }

  async #secret(caller: Caller): Promise<string> {
    caller.signal.throwIfAborted();
    return caller.secret(this.#options.url);
  }

  async #open(text: string): Promise<Opened> {
    const { name, connectMs = defaults.connectMs } = this.#options;
    const { connect } = await clientFor(name, "amqplib", () => import("amqplib"));
    const url = this.#placeOf(text);
    if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", String(heartbeatSeconds));
    const properties = { connection_name: `tutti ${name}` };
    const client = await connect(url.href, { timeout: connectMs, clientProperties: properties });
    const { promise: lost, reject } = Promise.withResolvers<never>();
    lost.catch(() => {});
    const end = (error?: Error) => reject(error ?? new Error("the connection ended"));
    client.on("error", end);
    client.on("close", end);
    const channel = await client.createConfirmChannel();
    channel.on("error", end);
    channel.on("close", () => end());
    return { client, channel, lost };
  }

  #placeOf(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && /^amqps?:$/.test(url.protocol)) {
      requireParameters(this.#options.name, this.#options.url, text, parameters);
      return url;
    }
    throw adapterErrors.invalid({
      adapter: this.#options.name,
      problem: `${this.#options.url} has no URL such as amqp://user:password@host:5672`,
    });
  }

  async #run<T>(operation: string, text: string, { signal }: Caller, work: () => Promise<T>): Promise<T> {
    try {
      return await orAborted(signal, work);
    } catch (error) {
      if (signal.aborted || isTuttiError(error) || error instanceof Busy) throw error;
      throw failureOf(operation, error, this.#placeOf(text));
    }
  }
}

/** Converts an error of the client to an adapter error. The broker has codes like HTTP. */
function failureOf(operation: string, error: unknown, { hostname, port, password }: URL): Error {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  const reason = withoutSecrets(String(message ?? error), [decodeURIComponent(password)]);
  const details = { operation, reason };
  if (/^Handshake terminated by server: 403|ACCESS_REFUSED - Login/.test(reason))
    return adapterErrors.notSignedIn(details);
  if (refusals.includes(Number(code))) return adapterErrors.refused(details);
  const place = { host: hostname, port: port === "" ? "5672" : port };
  return adapterErrors.unreachable({ operation, reason: unreachableReason(String(code), reason, place) });
}
