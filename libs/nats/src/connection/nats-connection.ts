/**
 * The one connection of a process to its NATS servers.
 *
 * 1. A lost connection is restored without a limit of attempts. No problem of the connection ends the process.
 * 2. Nothing is written to a server whose version was not accepted. The client reconnects by itself and notifies us
 *    afterwards. So the gate (`client`) closes with the loss and opens only after the new server's greeting was read.
 *    Messages from before the loss are dropped when the client dials, not sent to the new server.
 * 3. Attempts have a doubling pause with jitter, and are logged at the first failure and then twice a minute.
 */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import {
  connect,
  errors,
  type Msg,
  type NatsConnection as NatsClient,
  type Server,
  type Status,
} from "@nats-io/transport-node";
import {
  backoffMs,
  type ComponentContext,
  type CounterCell,
  degraded,
  type GaugeCell,
  type Health,
  healthy,
  type Logger,
  sleep,
  type TuttiError,
  unhealthy,
} from "@tutti/kernel";
import { natsErrorOf, natsErrors } from "../errors.ts";
import { type ConnectionSettings, clientOptions, unreadable } from "./client-options.ts";
import { type NatsPorts, natsPorts } from "./ports.ts";
import { type ReconnectingSubscription, ReconnectingSubscriptions } from "./reconnecting-subscriptions.ts";
import { type ConnectionState, disconnectReason } from "./state.ts";
import { isServerAccepted, leastServerVersion } from "./version.ts";

/** Requests to the server without an answer, so that all can fail the moment the connection is lost. */
class Unanswered {
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
    const reason = new errors.ConnectionError("the connection was lost before a reply arrived");
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }
}

export interface NatsConnectionOptions {
  readonly settings: ConnectionSettings;
  /** Whether the process needs JetStream. A missing JetStream is then reported at the start. Default: true. */
  readonly jetstream?: boolean;
  /** Ports. Defaults: the system's own, with silent logs and metrics. */
  readonly foundation?: Partial<NatsPorts>;
}

/** Interval of log lines about a lasting outage. */
const reminderMs = 30_000;
/**
 * Longest pause before a request to available servers is repeated. They usually fail because a stream has no leader,
 * for the 4 to 9 s of an election. A growing pause would notice its end as many seconds late.
 */
const retryPauseMaxMs = 500;
/** Time after which a refused server is tried again: it may have been upgraded. */
const refusalMs = 60_000;

export class NatsConnection {
  readonly settings: ConnectionSettings;
  /** Components on the connection use the same time and log. */
  readonly foundation: NatsPorts;
  readonly #needsJetStream: boolean;
  readonly #logger: Logger;
  readonly #connected: GaugeCell;
  readonly #reconnects: CounterCell;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #subscriptions: ReconnectingSubscriptions;
  readonly #unanswered = new Unanswered();
  /** Servers that were too old, with the time of that finding. */
  readonly #refused = new Map<string, number>();
  readonly #stopping = new AbortController();
  #state: ConnectionState = { kind: "created" };
  #client: NatsClient | undefined;
  #jetstream: JetStreamClient | undefined;
  #manager: Promise<JetStreamManager> | undefined;
  #pauseMs = 0;
  #remindedMs = Number.NEGATIVE_INFINITY;

  constructor(options: NatsConnectionOptions) {
    this.settings = options.settings;
    this.foundation = natsPorts(options.foundation);
    this.#needsJetStream = options.jetstream ?? true;
    this.#logger = this.foundation.logger.child({ component: "nats" });
    this.#subscriptions = new ReconnectingSubscriptions(this.#logger, () => this.#state.kind === "connected");
    const { metrics } = this.foundation;
    this.#connected = metrics
      .gauge({ name: "tutti_nats_connected", help: "Connection to NATS: 1 connected, 0 disconnected." })
      .with({});
    this.#reconnects = metrics
      .counter({ name: "tutti_nats_reconnects_total", help: "Reconnects to NATS." })
      .with({});
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Calls back after each change of the state. Returns a function that stops that. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when connected. Waits for an unavailable server. Throws for credentials, versions and settings that can
   * never work.
   */
  async start({ signal }: Pick<ComponentContext, "signal">): Promise<void> {
    this.#to({ kind: "connecting", attempts: 0, lastError: undefined });
    await this.#dialUntilConnected(AbortSignal.any([signal, this.#stopping.signal]));
  }

  /** Without a connection the process serves as far as it can. A forbidden server needs an operator. */
  health(): Health {
    const state = this.#state;
    switch (state.kind) {
      case "connected":
        return healthy;
      case "refused":
      case "created":
      case "stopped":
        return unhealthy(disconnectReason(state));
      case "connecting":
      case "disconnected":
        return degraded(disconnectReason(state), { attempts: state.attempts });
    }
  }

  /** Sends pending messages and closes. With an aborted signal, closes at once. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.#state.kind === "stopped") return;
    const wasConnected = this.#state.kind === "connected";
    const client = this.#client;
    this.#to({ kind: "stopped" });
    this.#stopping.abort(natsErrors.stopped({ operation: "attempt to connect" }));
    if (client === undefined || client.isClosed()) return;
    if (wasConnected) {
      const timeLimit = new AbortController();
      const limit = sleep(
        this.foundation.timers,
        this.settings.drainTimeoutMs,
        AbortSignal.any([signal, timeLimit.signal]),
      );
      // A drain needs the server. If the server has just gone, or the limit passed, only closing is possible.
      await Promise.race([client.drain(), limit]).catch(() => undefined);
      timeLimit.abort();
    }
    await client.close();
  }

  /** Returns the connected client for one operation. Throws if there is none. Never store it. */
  client(operation: string): NatsClient {
    if (this.#state.kind === "connected" && this.#client !== undefined) return this.#client;
    if (this.#state.kind === "stopped") throw natsErrors.stopped({ operation });
    if (this.#state.kind === "refused") throw this.#state.error;
    throw natsErrors.unavailable({ operation, reason: disconnectReason(this.#state) });
  }

  /** Like `client`, for JetStream. */
  jetstream(operation: string): JetStreamClient {
    const client = this.client(operation);
    this.#jetstream ??= jetstream(client, { timeout: this.settings.requestTimeoutMs, checkAPI: false });
    return this.#jetstream;
  }

  /** Like `client`, for streams and consumers. */
  manager(operation: string): Promise<JetStreamManager> {
    const client = this.client(operation);
    this.#manager ??= jetstreamManager(client, { timeout: this.settings.requestTimeoutMs, checkAPI: false });
    return this.#manager;
  }

  /**
   * Runs an operation on the servers. Every failure is an error of the catalogue. When the connection is lost,
   * unanswered requests fail at once, because their answers cannot arrive any more.
   */
  async run<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      this.client(operation);
      return await this.#unanswered.wait(work);
    } catch (error) {
      throw natsErrorOf(operation, error, this.#client?.getServer());
    }
  }

  /**
   * Like `run`, repeated while no server answers, until the signal is aborted: for idempotent operations that a start
   * requires.
   */
  async persist<T>(operation: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      try {
        return await this.run(operation, work);
      } catch (error) {
        if (!natsErrors.unavailable.is(error)) throw error;
        this.#remind("NATS does not answer, trying again", { operation, error });
        await this.pause(failures, signal);
      }
    }
  }

  /**
   * Waits after this many failures in a row of a request, a little longer each time. A reconnect ends the wait, and
   * while connected it is short.
   */
  async pause(failures: number, signal?: AbortSignal): Promise<void> {
    const reconnected = new AbortController();
    const stop = this.onState((state) => {
      if (state.kind === "connected" || state.kind === "stopped") reconnected.abort();
    });
    const signals = signal === undefined ? [reconnected.signal] : [reconnected.signal, signal];
    const maxMs = this.#state.kind === "connected" ? retryPauseMaxMs : this.settings.retryMaxMs;
    await sleep(this.foundation.timers, this.#pauseAfter(failures, maxMs), AbortSignal.any(signals)).catch(
      () => undefined,
    );
    stop();
  }

  /** Subscribes now or as soon as connected, and again after every reconnect that requires it. */
  subscribe(subject: string, onMessage: (message: Msg) => void): ReconnectingSubscription {
    return this.#subscriptions.subscribe(subject, onMessage);
  }

  async #dialUntilConnected(signal: AbortSignal): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      signal.throwIfAborted();
      try {
        await this.#dial(signal);
        return;
      } catch (cause) {
        signal.throwIfAborted();
        const error = natsErrorOf("attempt to connect", cause, this.settings.servers.join(", "));
        if (!error.retryable) throw error;
        this.#to({ kind: "connecting", attempts, lastError: error });
        const pauseMs = this.#pauseAfter(attempts);
        this.#remind("NATS is away, trying again", { attempts, nextTryMs: Math.round(pauseMs), error });
        await sleep(this.foundation.timers, pauseMs, signal);
      }
    }
  }

  async #dial(signal: AbortSignal): Promise<void> {
    // For the client a missing file looks like an unavailable server.
    const reason = await unreadable(this.settings.tls);
    if (reason !== undefined)
      throw natsErrors.untrusted({ server: this.settings.servers.join(", "), reason });
    const client = await connect({
      ...clientOptions(this.settings),
      reconnectDelayHandler: () => this.#pauseMs,
      reconnectToServer: (pool) => this.#choose(pool),
    });
    try {
      signal.throwIfAborted();
      this.#accept(client);
      if (this.#needsJetStream) await this.#checkJetStream(client);
      signal.throwIfAborted();
    } catch (error) {
      await client.close();
      throw error;
    }
    this.#client = client;
    this.#jetstream = undefined;
    this.#manager = undefined;
    this.#subscriptions.attach(client);
    void this.#follow(client);
    this.#nowConnected(client, "connected to NATS");
  }

  /** Throws if the server greeted with a forbidden version. */
  #accept(client: NatsClient): void {
    const found = client.info?.version ?? "";
    if (isServerAccepted(found)) return;
    const server = client.getServer();
    throw natsErrors.serverTooOld(
      { server, found, least: leastServerVersion },
      { details: { server, found } },
    );
  }

  async #checkJetStream(client: NatsClient): Promise<void> {
    try {
      await jetstreamManager(client, { timeout: this.settings.requestTimeoutMs });
    } catch (cause) {
      const error = natsErrorOf("question for JetStream", cause, client.getServer());
      // A starting cluster has JetStream but answers only after its election: wait for that.
      if (!error.retryable || client.info?.jetstream === true) throw error;
      throw natsErrors.jetstreamMissing(
        { server: client.getServer(), reason: "a server without it" },
        { cause: error },
      );
    }
  }

  /** Runs as long as the client. Follows the client's own reconnects, and replaces it by a new one at its end. */
  async #follow(client: NatsClient): Promise<void> {
    for await (const status of client.status()) this.#on(client, status);
    if (this.#state.kind === "stopped") return;
    const cause = await client.closed();
    const reason = cause instanceof Error ? cause.message : "the client closed itself";
    this.#logger.error("NATS client closed, starting a new one", { error: cause });
    this.#lost(reason);
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#dialUntilConnected(this.#stopping.signal);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        // A reason that forbids a start must not end a running process: it is shown, and the attempts continue.
        this.#refuse(natsErrorOf("attempt to connect", error));
        await sleep(this.foundation.timers, this.settings.retryMaxMs, this.#stopping.signal).catch(
          () => undefined,
        );
      }
    }
  }

  #on(client: NatsClient, status: Status): void {
    if (this.#state.kind === "stopped") return;
    switch (status.type) {
      case "disconnect":
        this.#lost("the server closed the connection or does not answer");
        break;
      case "reconnecting":
        this.#attempt();
        break;
      case "reconnect":
        this.#reconnected(client);
        break;
      case "error":
        this.#logger.warn("NATS server reported an error", { error: status.error });
        break;
      case "ldm":
        this.#logger.info("NATS server is shutting down", { server: status.server });
        break;
      default:
    }
  }

  #lost(reason: string): void {
    if (this.#state.kind === "refused") return;
    if (this.#state.kind === "connected") {
      this.#logger.warn("lost the connection to NATS, reconnecting", { server: this.#state.server, reason });
      this.#remindedMs = this.foundation.clock.monotonic();
    }
    this.#connected.set(0);
    this.#pauseMs = 0;
    this.#to({ kind: "disconnected", sinceMs: this.foundation.clock.monotonic(), attempts: 0, reason });
  }

  #attempt(): void {
    const state = this.#state;
    if (state.kind !== "disconnected") return;
    const attempts = state.attempts + 1;
    this.#pauseMs = this.#pauseAfter(attempts);
    this.#to({ ...state, attempts });
    const disconnectedMs = Math.round(this.foundation.clock.monotonic() - state.sinceMs);
    this.#remind("NATS is still away, trying again", { attempts, awayMs: disconnectedMs });
  }

  #reconnected(client: NatsClient): void {
    try {
      this.#accept(client);
    } catch (error) {
      this.#refused.set(client.getServer(), this.foundation.clock.monotonic());
      this.#refuse(natsErrorOf("attempt to connect", error));
      // Switches to another server of the pool. Rejects only if the client is closed already.
      void client.reconnect().catch(() => undefined);
      return;
    }
    this.#reconnects.add();
    this.#nowConnected(client, "connected to NATS again");
  }

  #refuse(error: TuttiError): void {
    const known = this.#state.kind === "refused" && this.#state.error.message === error.message;
    this.#connected.set(0);
    this.#to({ kind: "refused", error });
    if (!known) this.#logger.error("NATS server is not usable, trying another one", { error });
  }

  #nowConnected(client: NatsClient, message: string): void {
    const server = client.getServer();
    const version = client.info?.version ?? "";
    this.#pauseMs = 0;
    this.#remindedMs = Number.NEGATIVE_INFINITY;
    this.#connected.set(1);
    this.#logger.info(message, { server, version, cluster: client.info?.cluster ?? "" });
    this.#to({ kind: "connected", server, version });
  }

  /** Returns the server to dial: the client's own choice, except one that was refused recently. */
  #choose(pool: readonly Server[]): Server | { server: Server; delay: number } | null {
    if (this.#refused.size === 0) return null;
    const now = this.foundation.clock.monotonic();
    for (const [listen, atMs] of this.#refused) if (now - atMs > refusalMs) this.#refused.delete(listen);
    const usable = pool.find((server) => !this.#refused.has(server.listen));
    if (usable !== undefined) return usable;
    const [server] = pool;
    return server === undefined ? null : { server, delay: this.settings.retryMaxMs };
  }

  #pauseAfter(failures: number, mostMs = this.settings.retryMaxMs): number {
    const { retryFirstMs, retryMaxMs } = this.settings;
    const maxMs = Math.min(mostMs, retryMaxMs);
    return backoffMs({ firstMs: retryFirstMs, maxMs }, failures, this.foundation.chance);
  }

  #remind(message: string, fields: Readonly<Record<string, unknown>>): void {
    const now = this.foundation.clock.monotonic();
    if (now - this.#remindedMs < reminderMs) return;
    this.#remindedMs = now;
    this.#logger.warn(message, { servers: this.settings.servers, ...fields });
  }

  #to(state: ConnectionState): void {
    this.#state = state;
    if (state.kind !== "connected") this.#unanswered.abandon();
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        this.#logger.error("NATS connection listener failed", { error });
      }
    }
  }
}
