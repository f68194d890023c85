/**
 * Connections to a Redis server.
 *
 * 1. The URL is a secret. It is read for each use, so a changed URL takes effect at once.
 * 2. The next call replaces a broken connection. Calls in progress fail, because their outcome is unknown.
 * 3. A cancelled call leaves its command on the connection. Replies arrive in the order of the commands, so the next call
 *    gets its own reply. A silent server is disconnected.
 */
import { isTuttiError } from "@tutti/kernel";
import type { OptionNames } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import type { SecretReference } from "../adapter.ts";
import { clientFor, orAborted, requireReference, unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import { requireParameters } from "../parameters.ts";
import type { Caller } from "../source.ts";

export interface RedisConnectionOptions {
  readonly name: string;
  /** Refers to a URL such as `rediss://user:password@host:6379/0`. */
  readonly url: SecretReference;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
}

export const connectionOptionNames: OptionNames<RedisConnectionOptions> = {
  name: true,
  url: true,
  connectMs: true,
};
const defaults = { connectMs: 10_000 };
/** A connection that is silent for this long is closed. Pings keep waiting connections open. */
const silenceMs = 30_000;
const pingMs = 10_000;
const usualPort = 6_379;

type Driver = typeof import("@redis/client");
type Client = ReturnType<Driver["createClient"]>;

/** Sends the words of a command. */
export type Send = (args: readonly string[]) => Promise<unknown>;

interface Opened {
  readonly text: string;
  readonly client: Client;
  readonly connected: Promise<unknown>;
}

export interface Dedicated {
  readonly send: Send;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
  close(): void;
}

export class RedisConnections {
  readonly #options: RedisConnectionOptions;
  #opened: Opened | undefined;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
    requireReference(options.name, options.url, "env:SHOP_REDIS");
  }

  close(): void {
    if (this.#opened !== undefined) destroyed(this.#opened.client);
    this.#opened = undefined;
  }

  /** Works with the shared connection. */
  async use<T>(operation: string, caller: Caller, work: (send: Send) => Promise<T>): Promise<T> {
    caller.signal.throwIfAborted();
    const driver = await this.#driver();
    // Called as a method, because a task needs `this`.
    const text = await caller.secret(this.#options.url);
    if (this.#opened?.text !== text || !this.#opened.client.isOpen) {
      this.close();
      const client = this.#clientOf(driver, text, {});
      // An idle connection must not keep the process alive.
      this.#opened = { text, client, connected: client.connect().then(() => client.unref()) };
      this.#opened.connected.catch(() => {});
    }
    const { client, connected } = this.#opened;
    return this.#run(driver, { operation, text, signal: caller.signal }, async () => {
      await connected;
      return work((args) => client.sendCommand([...args]));
    });
  }

  /** Opens a separate connection, such as one that waits. The caller closes it. */
  async dedicated(operation: string, caller: Caller): Promise<Dedicated> {
    const driver = await this.#driver();
    const text = await caller.secret(this.#options.url);
    const client = this.#clientOf(driver, text, { pingInterval: pingMs });
    const call = { operation, text, signal: caller.signal };
    try {
      await this.#run(driver, call, () => client.connect());
    } catch (error) {
      destroyed(client);
      throw error;
    }
    return {
      send: (args) => this.#run(driver, call, () => client.sendCommand([...args])),
      subscribe: (channel, listener) =>
        this.#run(driver, call, async () => {
          await client.subscribe(channel, listener);
        }),
      close: () => destroyed(client),
    };
  }

  #driver(): Promise<Driver> {
    return clientFor(this.#options.name, "@redis/client", () => import("@redis/client"));
  }

  #clientOf({ createClient }: Driver, text: string, more: { readonly pingInterval?: number }): Client {
    const { name, url, connectMs = defaults.connectMs } = this.#options;
    try {
      if (!/^rediss?:\/\/./.test(text)) throw new Error("another scheme");
      requireParameters(name, url, text);
      const client = createClient({
        url: text,
        RESP: 2,
        name: `tutti-${name}`,
        disableOfflineQueue: true,
        ...more,
        disableClientInfo: true,
        maintNotifications: "disabled",
        socket: { connectTimeout: connectMs, socketTimeout: silenceMs, reconnectStrategy: false },
      });
      // Without a listener, a broken connection would end the process.
      client.on("error", () => {});
      return client as unknown as Client;
    } catch (error) {
      if (isTuttiError(error)) throw error;
      // The cause would quote the URL, which has the password.
      throw adapterErrors.invalid({
        adapter: name,
        problem: `${url} has no URL such as redis://user:password@host:6379/0`,
      });
    }
  }

  /** Runs work until it has ended, or the signal aborts. */
  async #run<T>(
    driver: Driver,
    { operation, text, signal }: { operation: string; text: string; signal: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await orAborted(signal, work);
    } catch (error) {
      if (signal.aborted || isTuttiError(error) || error instanceof Busy) throw error;
      throw failureOf(driver, operation, error, text);
    }
  }
}

function destroyed(client: Client): void {
  // A closed client would throw.
  if (client.isOpen) client.destroy();
}

/** Converts an error. The cause is left out because it may refer to the client's options, which have the password. */
function failureOf({ ErrorReply }: Driver, operation: string, error: unknown, text: string): Error {
  const { message = String(error), code = "" } = error as { message?: string; code?: string };
  const { hostname: host, port, password } = new URL(text);
  const reason = withoutSecrets(message, [text, password, decodeURIComponent(password)]);
  if (error instanceof ErrorReply) return refusalOf(operation, reason);
  return adapterErrors.unreachable({
    operation,
    reason: unreachableReason(code, code === "" ? `${host}:${port || usualPort}: ${reason}` : reason, {
      host,
      port: port || usualPort,
    }),
  });
}

/** Converts a refusal. The first word of its text is its kind. */
function refusalOf(operation: string, reason: string): Error {
  const [kind = ""] = reason.split(" ", 1);
  const details = { operation, reason };
  if (kind === "NOAUTH" || kind === "WRONGPASS") return adapterErrors.notSignedIn(details);
  if (kind === "LOADING" || kind === "MASTERDOWN" || kind === "CLUSTERDOWN")
    return adapterErrors.unreachable(details);
  if (reason.includes("max number of clients reached"))
    return new Busy({ message: `${operation}: ${reason}` });
  // A replica after a failover, a full disk, exhausted memory, a script that runs too long, and a group that was lost in
  // a crash.
  if (/^(READONLY|MISCONF|OOM|BUSY|TRYAGAIN|NOREPLICAS|NOGROUP|UNKILLABLE)$/.test(kind))
    return adapterErrors.failed(details);
  return adapterErrors.refused({ ...details, remedy: remedyOf(kind, reason) });
}

function remedyOf(kind: string, reason: string): string | undefined {
  if (kind === "NOPERM") return "Grant the right to the user of the URL with `ACL SETUSER`.";
  if (kind === "WRONGTYPE") return "Correct the key, or remove what it contains.";
  if (reason.includes("DB index is out of range")) return "Correct the number of the database in the URL.";
  return undefined;
}
