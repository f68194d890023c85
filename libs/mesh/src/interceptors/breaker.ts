/// <reference path="./opossum.d.ts" />
/**
 * One breaker per target instance: opossum's circuit, driven by the timers of the mesh.
 *
 * 1. It opens when failures of the instance are many among the calls of the window, or many in a row: earlier successes
 *    do not excuse an instance that suddenly breaks. A deliberate refusal shows that the instance is alive.
 * 2. While it is open nothing is sent. After a pause a call is let through as a probe, whose outcome decides. A pending
 *    probe does not block the instance: another one follows it.
 * 3. A call about an object that the instance owns may wait there until its timeout. The timeout then does not count as
 *    a failure of the instance.
 * 4. Its memory is bounded at any rate of calls.
 */
import { EventEmitter } from "node:events";
import {
  errorFromUnknown,
  notOwnerCode,
  type Place,
  type Status as StatusName,
  type Timer,
  type Timers,
  type TuttiError,
  withoutRemedy,
} from "@tutti/kernel";
import CircuitBreaker, { type CircuitOptions } from "opossum";
import Status, { type StatusOptions } from "opossum/lib/status.js";
import type { OutgoingCall } from "../calls/outgoing-call.ts";
import { meshErrors } from "../errors.ts";
import type { MeshSettings } from "../settings.ts";

export type BreakerState = "closed" | "half-open" | "open";
type Attempt = () => Promise<unknown>;
type Circuit = CircuitBreaker<[Attempt, Sent], unknown>;

/** The part of a call that a breaker needs: why it is no longer awaited, and whether its object has one owner. */
interface Sent extends Pick<OutgoingCall, "stopped"> {
  readonly place?: Place | undefined;
}

const buckets = 10;
/** Part of the pause after which another probe follows a pending one. */
const probeShare = 0.2;
/** Opossum's own timer runs on real time. Ours replaces it long before. */
const never = 2 ** 31 - 1;

const failures = new Set<StatusName>([
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "INTERNAL",
  "UNKNOWN",
  "DATA_LOSS",
]);

/** Returns whether an error shows that the instance is unhealthy, rather than that it declined. */
export function isInstanceFailure(error: TuttiError): boolean {
  return failures.has(error.status) && error.code !== meshErrors.draining.code && error.code !== notOwnerCode;
}

/** Advances the windows of all breakers. */
export class BreakerClock {
  readonly ticks = new EventEmitter().setMaxListeners(0);
  readonly timers: Timers;
  readonly settings: MeshSettings["breaker"];
  readonly #timer: Timer;

  constructor(settings: MeshSettings["breaker"], timers: Timers) {
    this.settings = settings;
    this.timers = timers;
    this.#timer = timers.every(settings.windowMs / buckets, () => this.ticks.emit("rotate"));
  }

  stop(): void {
    this.#timer.cancel();
  }
}

export class Breaker {
  readonly #clock: BreakerClock;
  readonly #changed: (state: BreakerState) => void;
  #circuit: Circuit;
  #timer: Timer | undefined = undefined;
  #reason = "";

  constructor(clock: BreakerClock, changed: (state: BreakerState) => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#circuit = this.#createCircuit();
  }

  get state(): BreakerState {
    const circuit = this.#circuit;
    return circuit.closed ? "closed" : circuit.halfOpen ? "half-open" : "open";
  }

  /** Whether a call would be let through now. */
  get admits(): boolean {
    return this.#circuit.closed || this.#circuit.pendingClose;
  }

  /** The last failure, without its remedy. Empty while it lets calls through. */
  get reason(): string {
    return this.admits ? "" : this.#reason;
  }

  /** Sends a call through the breaker. */
  send(attempt: Attempt, call: Sent): Promise<unknown> {
    if (this.#circuit.closed) return this.#circuit.fire(attempt, call);
    return this.#circuit.fire(() => this.#probe(attempt, call), call);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#circuit.shutdown();
  }

  #createCircuit(halfOpen = false): Circuit {
    const { settings, ticks } = this.#clock;
    const window: StatusOptions = {
      rollingCountTimeout: settings.windowMs,
      rollingCountBuckets: buckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: ticks,
    };
    const counts = new Counts(window);
    const options: CircuitOptions<[Attempt, Sent]> = {
      ...window,
      timeout: false,
      resetTimeout: never,
      // Opossum opens above the threshold, the mesh at it.
      errorThresholdPercentage: settings.failureShare * 100 - 1e-9,
      volumeThreshold: settings.volume,
      status: counts,
      errorFilter: (error, _attempt, call) => this.#declined(errorFromUnknown(error), call),
      ...(halfOpen && {
        state: { enabled: true, closed: false, halfOpen: true, warmUp: false, shutdown: false },
      }),
    };
    const circuit = new CircuitBreaker<[Attempt, Sent], unknown>((attempt) => attempt(), options);
    circuit.on("failure", () => {
      if (counts.failuresInARow >= settings.volume) circuit.open();
    });
    circuit.on("open", () => this.#opened());
    circuit.on("close", () => this.#changed("closed"));
    return circuit;
  }

  #opened(): void {
    this.#timer = this.#clock.timers.after(this.#clock.settings.openMs, () => {
      this.#admitProbe();
      this.#changed("half-open");
    });
    this.#changed("open");
  }

  #admitProbe(): void {
    this.#circuit.shutdown();
    this.#circuit = this.#createCircuit(true);
  }

  async #probe(attempt: Attempt, call: Sent): Promise<unknown> {
    const another = () => {
      if (this.state === "half-open") this.#admitProbe();
    };
    const timer = this.#clock.timers.after(probeShare * this.#clock.settings.openMs, another);
    try {
      const outcome = await attempt();
      // Even if another probe has followed it.
      if (this.state === "half-open") this.#circuit.close();
      return outcome;
    } catch (thrown) {
      // A probe that its caller cancelled has no result. The next one may have.
      const isNeutral = call.stopped !== undefined && this.#declined(errorFromUnknown(thrown), call);
      if (isNeutral) another();
      throw thrown;
    } finally {
      timer.cancel();
    }
  }

  #declined(error: TuttiError, call: Sent): boolean {
    // It may have waited there for messages of a dead owner. The lease detects an instance that hangs.
    const isLate = call.stopped !== undefined || error.status === "DEADLINE_EXCEEDED";
    const isAwaited = call.place !== undefined && isLate;
    const hasDeclined = !isInstanceFailure(error) || isAwaited;
    if (!hasDeclined) this.#reason = withoutRemedy(error);
    return hasDeclined;
  }
}

/** Opossum stores the latency of each call of the window, even without percentiles, which is in effect a leak. */
class Counts extends Status {
  failuresInARow = 0;

  override increment(property: string): void {
    super.increment(property);
    if (property === "failures") this.failuresInARow++;
    else if (property === "successes") this.failuresInARow = 0;
    const latencies = this.window[0]?.latencyTimes;
    if (latencies !== undefined && latencies.length > 0) latencies.length = 0;
  }
}
