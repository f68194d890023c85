/**
 * Connections to NATS servers.
 *
 * 1. The URL is a secret. It is read for each use, so a changed URL takes effect at once.
 * 2. The next call replaces a broken connection. Calls in progress fail, because their outcome is unknown.
 */
import type * as JetStreamParts from "@nats-io/jetstream";
import type * as Transport from "@nats-io/transport-node";
import { isTuttiError } from "@tutti/kernel";
import type { OptionNames } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import type { SecretReference } from "../adapter.ts";
import { clientFor, orAborted, requireReference, unreachableReason, withoutSecrets } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import { requireParameters } from "../parameters.ts";
import type { Caller } from "../source.ts";

export interface NatsConnectionOptions {
  readonly name: string;
  /** Refers to a URL such as `nats://user:password@host:4222`. Several servers of a cluster are separated by commas. */
  readonly url: SecretReference;
  /** Refers to the content of a `.creds` file. */
  readonly credentials?: SecretReference;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
}

export const connectionOptionNames: OptionNames<NatsConnectionOptions> = {
  name: true,
  url: true,
  credentials: true,
  connectMs: true,
};
const defaults = { connectMs: 10_000 };
const pingMs = 10_000;

/** A connection with both parts of the client. */
export interface Opened {
  readonly transport: typeof Transport;
  readonly parts: typeof JetStreamParts;
  readonly client: Transport.NatsConnection;
  readonly stream: JetStreamParts.JetStreamClient;
  readonly manager: JetStreamParts.JetStreamManager;
}

interface Place {
  readonly servers: readonly string[];
  readonly user: string;
  readonly password: string;
  readonly isTls: boolean;
}

export class NatsConnections {
  readonly #options: NatsConnectionOptions;
  #known: { readonly text: string; readonly opening: Promise<Opened> } | undefined;

  constructor(options: NatsConnectionOptions) {
    this.#options = options;
    requireReference(options.name, options.url, "env:SHOP_NATS");
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
      let opened = await this.#shared(text);
      if (opened.client.isClosed()) {
        this.close();
        opened = await this.#shared(text);
      }
      return work(opened);
    });
  }

  /** Opens a separate connection. The caller closes it. */
  async dedicated(operation: string, caller: Caller): Promise<Opened> {
    const text = await this.#secret(caller);
    return this.#run(operation, text, caller, () => this.#open(text));
  }

  /** Runs work, and converts errors of the client to adapter errors. */
  async run<T>(operation: string, caller: Caller, work: () => Promise<T>): Promise<T> {
    return this.#run(operation, await this.#secret(caller), caller, work);
  }

  /** Returns the URL and the credentials as one text. */
  async #secret(caller: Caller): Promise<string> {
    caller.signal.throwIfAborted();
    const { url, credentials } = this.#options;
    const place = await caller.secret(url);
    return credentials === undefined ? place : `${place}\n${await caller.secret(credentials)}`;
  }

  async #shared(text: string): Promise<Opened> {
    this.#known ??= { text, opening: this.#open(text) };
    const known = this.#known;
    try {
      return await known.opening;
    } catch (error) {
      if (this.#known === known) this.#known = undefined;
      throw error;
    }
  }

  async #open(text: string): Promise<Opened> {
    const { name, connectMs = defaults.connectMs } = this.#options;
    const transport = await clientFor(
      name,
      "@nats-io/transport-node",
      () => import("@nats-io/transport-node"),
    );
    const parts = await clientFor(name, "@nats-io/jetstream", () => import("@nats-io/jetstream"));
    const [, credentials] = /^[^\n]*\n(.*)$/s.exec(text) ?? [];
    const { servers, user, password, isTls } = this.#placeOf(text);
    const client = await transport.connect({
      servers: [...servers],
      name: `tutti ${name}`,
      timeout: connectMs,
      pingInterval: pingMs,
      maxPingOut: 2,
      reconnect: false,
      noAsyncTraces: true,
      ...(user !== "" && password !== "" && { user, pass: password }),
      ...(user !== "" && password === "" && { token: user }),
      ...(credentials !== undefined && {
        authenticator: transport.credsAuthenticator(new TextEncoder().encode(credentials)),
      }),
      ...(isTls && { tls: {} }),
    });
    const stream = parts.jetstream(client, { timeout: connectMs });
    const manager = await parts.jetstreamManager(client, { timeout: connectMs, checkAPI: false });
    return { transport, parts, client, stream, manager };
  }

  #placeOf(text: string): Place {
    const [line = ""] = text.split("\n", 1);
    try {
      const urls = line.split(",").map((each) => new URL(each.trim()));
      const [first] = urls;
      if (first === undefined || urls.some(({ protocol }) => !/^(nats|tls):$/.test(protocol)))
        throw new Error("another scheme");
      requireParameters(this.#options.name, this.#options.url, line);
      return {
        servers: urls.map(({ host }) => host),
        user: decodeURIComponent(first.username),
        password: decodeURIComponent(first.password),
        isTls: first.protocol === "tls:",
      };
    } catch (error) {
      if (isTuttiError(error)) throw error;
      // The cause would quote the URL, which has the password.
      throw adapterErrors.invalid({
        adapter: this.#options.name,
        problem: `${this.#options.url} has no URL such as nats://user:password@host:4222`,
      });
    }
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

/** Converts an error of the client by the name of its class, because a worker without NATS does not load the client. */
function failureOf(operation: string, error: unknown, { servers, user, password }: Place): Error {
  const { name, message, code } = chainOf(error);
  const reason = withoutSecrets(
    message,
    [password, user].filter((each) => each.length > 1),
  );
  const details = { operation, reason };
  switch (name) {
    case "AuthorizationError":
    case "UserAuthenticationExpiredError":
      return adapterErrors.notSignedIn(details);
    case "PermissionViolationError":
    case "InvalidSubjectError":
    case "InvalidArgumentError":
    case "StreamNotFoundError":
      return adapterErrors.refused(details);
    // A crash of the server may lose a consumer. The next session creates it again.
    case "ConsumerNotFoundError":
    case "JetStreamStatusError":
    case "JetStreamError":
      return adapterErrors.failed(details);
    case "JetStreamNotEnabled":
      return adapterErrors.failed({
        operation,
        reason: "the server or the account has no JetStream, which publishing and sources need",
      });
    case "JetStreamApiError":
      // No leader, too few servers, no space.
      return Number(code) === 503 || /insufficient|resource|storage|no leader|unavailable/i.test(reason)
        ? adapterErrors.failed(details)
        : adapterErrors.refused(details);
    case "NoResponders":
      return adapterErrors.failed({ operation, reason: "no stream and no service takes the subject" });
    default: {
      const [host = "", port = "4222"] = (servers[0] ?? "").split(":");
      return adapterErrors.unreachable({
        operation,
        reason: unreachableReason(String(code), reason, { host, port }),
      });
    }
  }
}

interface Fault {
  readonly name: string;
  readonly message: string;
  readonly code: unknown;
}

/** Returns the cause of an error if it is more specific, else the error. */
function chainOf(error: unknown): Fault {
  const { name = "", message = String(error), code, cause } = error as Partial<Fault> & { cause?: unknown };
  const wraps = name === "RequestError" || name === "ConnectionError";
  return wraps && cause instanceof Error ? chainOf(cause) : { name, message, code };
}
