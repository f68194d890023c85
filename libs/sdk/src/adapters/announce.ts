/**
 * An existing service as a capability with health.
 *
 * 1. The service has its own worker, so that its health affects only its own capabilities.
 * 2. While its check fails, the worker takes no tasks. Tasks go to other instances of the service, or wait.
 * 3. The worker takes no tasks before the first check has passed.
 * 4. The check opens only the secrets of the worker. So a service whose tasks lack a secret takes none.
 */
import {
  type Clock,
  durationText,
  type Logger,
  reasonOf,
  silentLogger,
  sleep,
  systemClock,
  systemTimers,
  type Timers,
} from "@tutti/kernel";
import { sdkErrors } from "../errors.ts";
import type { WorkerOptions } from "../worker/settings.ts";
import { Worker, type WorkerPorts } from "../worker/worker.ts";
import { type Adapter, addAdapter, checkAdapter } from "./adapter.ts";
import { localSecret } from "./source.ts";

export interface AnnounceOptions {
  /** How often the service is checked, milliseconds. Default: 10,000. */
  readonly checkMs?: number;
  /** How long a check may take, milliseconds. Default: 5,000. */
  readonly checkTimeoutMs?: number;
  /** Number of consecutive failed checks before the service takes no tasks. Default: 2. */
  readonly failuresMax?: number;
  /** Options of the worker of the service. */
  readonly worker?: WorkerOptions;
  /** Default: none. */
  readonly logger?: Logger;
}

export interface AnnouncedHealth {
  readonly isHealthy: boolean;
  /** Reason why it takes no tasks. */
  readonly reason?: string;
}

const defaults = { checkMs: 10_000, checkTimeoutMs: 5_000, failuresMax: 2 };
const firstReason = "the first check has not passed";

/** A service whose operations are capabilities while its check passes. */
export class AnnouncedService {
  readonly adapter: Adapter;
  readonly worker: Worker;
  readonly #options: typeof defaults & { readonly logger: Logger };
  readonly #ports: { readonly clock: Clock; readonly timers: Timers };
  readonly #ended = new AbortController();
  #failures = 0;
  #reason: string | undefined = firstReason;
  #checking: Promise<void> | undefined;

  constructor(adapter: Adapter, options: AnnounceOptions = {}, ports: Partial<WorkerPorts> = {}) {
    const { logger = silentLogger } = options;
    const { clock = systemClock, timers = systemTimers } = ports;
    this.adapter = adapter;
    this.#options = {
      checkMs: options.checkMs ?? defaults.checkMs,
      checkTimeoutMs: options.checkTimeoutMs ?? defaults.checkTimeoutMs,
      failuresMax: options.failuresMax ?? defaults.failuresMax,
      logger,
    };
    this.#ports = { clock, timers };
    const description = `The service ${adapter.name} (${adapter.kind})`;
    this.worker = new Worker({ description, handleSignals: false, ...options.worker }, { logger, ...ports });
    addAdapter(this.worker, adapter, { clock });
    this.worker.sleep(firstReason);
  }

  get health(): AnnouncedHealth {
    return this.#reason === undefined ? { isHealthy: true } : { isHealthy: false, reason: this.#reason };
  }

  /** Links the worker, and checks the service until it stops. Resolves when the worker is linked. */
  async start(): Promise<void> {
    this.#checking ??= this.#check().catch(() => {});
    await this.worker.start();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#checking;
    await this.worker.stop();
  }

  async #check(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#checked(await this.#problem());
      await sleep(this.#ports.timers, this.#options.checkMs, signal);
    }
  }

  /** Returns why the service cannot be used. */
  async #problem(): Promise<string | undefined> {
    const { checkTimeoutMs } = this.#options;
    const late = new AbortController();
    const signal = AbortSignal.any([this.#ended.signal, late.signal]);
    const tooLate = Promise.withResolvers<never>();
    const timer = this.#ports.timers.after(checkTimeoutMs, () => {
      const error = new Error(`no answer within ${durationText(checkTimeoutMs)}`);
      late.abort(error);
      tooLate.reject(error);
    });
    const stopped = () => tooLate.reject(new Error("stopped"));
    this.#ended.signal.addEventListener("abort", stopped, { once: true });
    try {
      const call = {
        idempotencyKey: "health",
        signal,
        secret: (reference: string) => this.#secret(reference),
      };
      await Promise.race([checkAdapter(this.adapter, call, this.#ports.clock), tooLate.promise]);
      return undefined;
    } catch (error) {
      return reasonOf(error);
    } finally {
      timer.cancel();
      this.#ended.signal.removeEventListener("abort", stopped);
    }
  }

  async #secret(reference: string): Promise<string> {
    const value = await localSecret(reference);
    if (!this.worker.settings.secrets.includes(reference)) throw sdkErrors.secretNotOffered({ reference });
    return value;
  }

  #checked(problem: string | undefined): void {
    if (this.#ended.signal.aborted) return;
    const { logger, failuresMax } = this.#options;
    const service = this.adapter.name;
    if (problem === undefined) {
      this.#failures = 0;
      if (this.#reason === undefined) return;
      this.#reason = undefined;
      logger.info("the service takes tasks", { service });
      this.worker.wake("its check passes");
      return;
    }
    this.#failures++;
    const wasHealthy = this.#reason === undefined;
    if (wasHealthy && this.#failures < failuresMax) return;
    const isKnown = !wasHealthy && this.#reason !== firstReason;
    this.#reason = problem;
    // Repeated, because an operator may have woken the worker.
    this.worker.sleep(`its check fails: ${problem}`);
    if (!isKnown) logger.warn("the service takes no tasks", { service, reason: problem });
  }
}
