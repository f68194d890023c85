/**
 * Finds instances by following the registry: one watch per process, and no look-up when a call is made.
 *
 * While the registry is unavailable, the last known instances stay valid. The watch reconnects by itself and resumes
 * from its position, or takes a new snapshot if that is no longer known.
 */
import type { Position, registryService } from "@tutti/contracts/registry/v1";
import {
  type Backoff,
  backoffMs,
  type Component,
  degraded,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  kernelErrors,
  sleep,
} from "@tutti/kernel";
import type { Client } from "../client/types.ts";
import { meshErrors } from "../errors.ts";
import type { Discovery, Instance } from "./discovery.ts";
import { InstanceTable } from "./instance-table.ts";

export interface RegistryDiscoveryOptions {
  readonly foundation: Foundation;
  /** Returns a client for the registry that does not depend on this discovery. Called at the start. */
  readonly registry: () => Client<typeof registryService>;
  /** Services to follow. Default: all. */
  readonly services?: readonly string[];
  /** Called when the registry has started a new history: earlier registrations must be repeated. */
  readonly onNewHistory?: () => void;
  /** Ids of the instances of this process: for the registry, the end of the stream means that they are gone. */
  readonly instanceIds?: () => string[];
  /** Called when the stream broke: a heartbeat has to follow at once. */
  readonly onBroken?: () => void;
}

const backoff: Backoff = { firstMs: 100, maxMs: 5_000 };
/**
 * Maximum silence of a stream. The registry sends a heartbeat every few seconds, so a stream without one is dead,
 * even over a live connection.
 *
 * @defaults
 */
const silenceMs = 15_000;

export class RegistryDiscovery implements Discovery, Component {
  readonly #options: RegistryDiscoveryOptions;
  readonly #table = new InstanceTable();
  readonly #stopping = new AbortController();
  #position: Position | undefined = undefined;
  #running: Promise<void> | undefined = undefined;
  #problem = "no answer yet";
  /** Number of consecutive streams that broke without a message. */
  #failures = 0;
  #waiting: (() => void)[] = [];

  constructor(options: RegistryDiscoveryOptions) {
    this.#options = options;
  }

  instancesOf(service: string): readonly Instance[] {
    return this.#table.instancesOf(service);
  }

  watch(service: string, changed: () => void): () => void {
    return this.#table.watch(service, changed);
  }

  /** Starts to follow. Does not wait for the registry, which may start later than this process. */
  start(): void {
    this.#running ??= this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Resolves when the registry has reported all instances for the first time. */
  known(): Promise<void> {
    if (this.#position !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  health(): Health {
    const details = { instances: this.#table.size, revision: this.#position?.revision ?? 0 };
    if (this.#problem === "") return { ...healthy, details };
    return degraded(
      `the registry cannot be followed (${this.#problem}); what was known last stays in use`,
      details,
    );
  }

  async #follow(): Promise<void> {
    const { logger, timers, chance } = this.#options.foundation;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const error = await this.#watchOnce();
      // A process whose mesh has stopped is about to stop itself.
      const hasStopped: boolean = meshErrors.stopped.is(error);
      if (signal.aborted || hasStopped) return;
      this.#options.onBroken?.();
      this.#failures++;
      this.#problem = error.message;
      // A stream that breaks once is reopened elsewhere at once. It also ends when this process itself stops.
      if (this.#failures === 2)
        logger.warn("registry unavailable, using the last known instances", { error });
      await sleep(timers, backoffMs(backoff, this.#failures, chance), signal).catch(() => {});
    }
  }

  /** Follows one stream to its end, and returns the reason of the end. */
  async #watchOnce() {
    const { registry, services = [], foundation } = this.#options;
    const silence = new AbortController();
    const watchdog = () =>
      foundation.timers.after(silenceMs, () =>
        silence.abort(kernelErrors.unreachable({ problem: `no message within ${silenceMs / 1_000} s` })),
      );
    let timer = watchdog();
    try {
      this.#table.startSnapshot();
      const request = {
        services: [...services],
        after: this.#position,
        withFigures: false,
        withSchemas: false,
        instanceIds: this.#options.instanceIds?.() ?? [],
      };
      const signal = AbortSignal.any([this.#stopping.signal, silence.signal]);
      for await (const reply of registry().watch(request, { signal })) {
        timer.cancel();
        timer = watchdog();
        this.#failures = 0;
        this.#table.apply(reply);
        this.#moveTo(reply.position);
      }
      return errorFromUnknown(new Error("the registry ended the stream"));
    } catch (thrown) {
      return errorFromUnknown(silence.signal.aborted ? silence.signal.reason : thrown);
    } finally {
      timer.cancel();
    }
  }

  #moveTo(position: Position | undefined): void {
    if (position === undefined) return;
    const before = this.#position;
    this.#position = position;
    if (this.#problem !== "") {
      this.#problem = "";
      this.#options.foundation.logger.info("following the registry", {
        history: position.history,
        revision: position.revision,
        instances: this.#table.size,
      });
    }
    for (const notify of this.#waiting.splice(0)) notify();
    if (before !== undefined && before.history !== position.history) this.#options.onNewHistory?.();
  }
}
