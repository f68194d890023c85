/**
 * Keeps a worker linked: opens streams, sends the hello, resumes links, follows redirects, and reconnects with backoff.
 *
 *     idle ── start ──► greeting ── welcome ──► linked
 *     greeting, linked ── stream ended, refused for now ──► waiting ── pause ──► greeting
 *     greeting, linked ── redirect, goodbye ──► waiting
 *     any ── stop, refused for good ──► closed
 *
 * 1. A link is resumed at the same address, within its window, and only if all received frames were valid. Otherwise a
 *    new link starts, with the remaining tokens.
 * 2. Pauses double with each consecutive failure. A link that lasted resets them.
 * 3. Repeated redirects cost a pause each, as failures do.
 * 4. After a refused key, pauses grow to a minute, and each line of the log has the first reason. This ends when the
 *    worker is linked, or when nothing listens at the address.
 * 5. Time, random numbers and streams are injected.
 */
import { type Redirect, type Refused, Welcome } from "@tutti/contracts/agent/v1";
import {
  type Backoff,
  backoffMs,
  type Chance,
  type Clock,
  fromErrorDetail,
  type Logger,
  reasonOf,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import { sdkErrors } from "../errors.ts";
import type { Agent } from "../worker/agent.ts";
import { LinkBroken } from "./link-broken.ts";
import { readAnswer } from "./link-state.ts";
import { Silence } from "./silence.ts";
import type { LinkStream, Transport } from "./transport.ts";

export interface ConnectorParts {
  readonly addresses: readonly string[];
  readonly agent: Agent;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly backoff: Backoff;
  /** Called when the worker is linked, for the first time or again. */
  readonly onLinked: () => void;
  /** Called when the worker is refused for good. */
  readonly onRefused: (error: Error) => void;
  /** Called when the stream with its goodbye has ended. */
  readonly onDisconnected: () => void;
}

const greetingTimeoutMs = 15_000;
/** A link that lasted this long resets the count of failures. */
const goodLinkMs = 5_000;
const goodbyeTimeoutMs = 2_000;
/** After this many consecutive failures, another address is tried, although the worker was redirected here or could resume here. */
const followedFailuresMax = 4;
/** A wrong key is seldom repaired within seconds, and repeated attempts lock the address out. */
const keyBackoff: Backoff = { firstMs: 1_000, maxMs: 60_000 };
/** More consecutive redirects than this cost a pause. */
const redirectsMax = 3;

type Phase =
  | { readonly name: "idle" | "closed" }
  | { readonly name: "greeting"; readonly stream: LinkStream; readonly timer: Timer }
  | {
      readonly name: "linked";
      readonly stream: LinkStream;
      readonly sinceMs: number;
      readonly silence: Silence;
      readonly beat: Timer;
    }
  | { readonly name: "leaving"; readonly stream: LinkStream; readonly timer: Timer }
  | { readonly name: "waiting"; readonly timer: Timer };

export class Connector {
  readonly #parts: ConnectorParts;
  #phase: Phase = { name: "idle" };
  #address: string;
  #isFollowing = false;
  #epoch = -1;
  #failures = 0;
  /** Redirects since the last link that lasted. */
  #redirects = 0;
  #turn = 1;
  #welcome: Welcome = Welcome.create();
  /** The address of the link that can be resumed, and its deadline. */
  #resumable: { readonly address: string; readonly untilMs: number } | undefined;
  #lostTimer: Timer | undefined;
  /** Why the host refused the key. */
  #keyRefusal: string | undefined;
  /** The number of the current stream: frames of earlier streams are ignored. */
  #streams = 0;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
    this.#address = parts.addresses[0] ?? "";
  }

  get isLinked(): boolean {
    return this.#phase.name === "linked";
  }

  get address(): string {
    return this.#address;
  }

  start(): void {
    if (this.#phase.name === "idle") this.#greet();
  }

  /** Sends a goodbye if there is a link, and ends the stream gracefully. */
  disconnect(reason: string): void {
    const phase = this.#phase;
    if (phase.name === "leaving" || phase.name === "closed") return;
    if (phase.name !== "linked") {
      this.stop();
      this.#parts.onDisconnected();
      return;
    }
    const { agent, timers } = this.#parts;
    phase.beat.cancel();
    agent.bye(reason);
    agent.handleDisconnect();
    phase.stream.end();
    const timer = timers.after(goodbyeTimeoutMs, () => {
      phase.stream.cancel("the goodbye was not answered");
      this.#finishDisconnect();
    });
    this.#phase = { name: "leaving", stream: phase.stream, timer };
  }

  /** Stops at once, without a goodbye. */
  stop(): void {
    const phase = this.#phase;
    this.#phase = { name: "closed" };
    this.#streams++;
    this.#lostTimer?.cancel();
    if ("timer" in phase) phase.timer.cancel();
    if ("beat" in phase) phase.beat.cancel();
    if ("stream" in phase) phase.stream.cancel("the worker stops");
    this.#parts.agent.handleDisconnect();
    this.#parts.transport.close();
  }

  #greet(): void {
    const { transport, timers, agent, clock } = this.#parts;
    const number = ++this.#streams;
    const resumable = this.#resumable;
    const resumes = resumable?.address === this.#address && clock.monotonic() < resumable.untilMs;
    let stream: LinkStream;
    try {
      stream = transport.open(this.#address, {
        frame: (bytes) => {
          if (number === this.#streams) this.#frame(bytes);
        },
        ended: (reason, isKeyRefused = false) => {
          if (number === this.#streams) this.#handleStreamEnd(reason, isKeyRefused);
        },
      });
    } catch (error) {
      this.#phase = { name: "waiting", timer: timers.after(0, () => {}) };
      this.#handleStreamEnd(reasonOf(error), false);
      return;
    }
    const timer = timers.after(greetingTimeoutMs, () => this.#breakOff("no answer to the greeting"));
    this.#phase = { name: "greeting", stream, timer };
    stream.write(agent.hello({ resumes }));
  }

  #frame(bytes: Uint8Array): void {
    const phase = this.#phase;
    if (phase.name === "linked") phase.silence.received(this.#parts.clock.monotonic());
    try {
      if (phase.name === "greeting") this.#answered(bytes, phase);
      else if (phase.name === "linked") this.#linkedFrame(bytes);
    } catch (error) {
      if (!(error instanceof LinkBroken)) throw error;
      if (!error.canResume) this.#resumable = undefined;
      this.#breakOff(error.message, error.canResume);
    }
  }

  #answered(bytes: Uint8Array, phase: Extract<Phase, { name: "greeting" }>): void {
    const answer = readAnswer(bytes);
    phase.timer.cancel();
    switch (answer.$case) {
      case "welcome":
        this.#welcomed(answer.value, phase.stream);
        return;
      case "redirect":
        this.#redirected(answer.value);
        return;
      case "refused":
        this.#refused(answer.value);
        return;
    }
  }

  #welcomed(welcome: Welcome, stream: LinkStream): void {
    const { agent, timers, clock, logger } = this.#parts;
    this.#welcome = welcome;
    this.#lostTimer?.cancel();
    this.#lostTimer = undefined;
    const beatMs = Math.max(10, welcome.heartbeatMs || 10_000);
    const sinceMs = clock.monotonic();
    const silence = new Silence(beatMs, sinceMs);
    const beat = timers.every(beatMs, () => this.#beat(silence));
    this.#phase = { name: "linked", stream, sinceMs, silence, beat };
    this.#keyRefusal = undefined;
    logger.info(welcome.resumed ? "linked again" : "linked", {
      address: this.#address,
      link: welcome.linkId,
      agent: welcome.agentId,
      ...(welcome.held !== undefined && { held: welcome.held.reason }),
    });
    agent.welcomed(welcome, (bytes) => stream.write(bytes));
    this.#parts.onLinked();
  }

  #linkedFrame(bytes: Uint8Array): void {
    const frame = this.#parts.agent.receive(bytes);
    if (frame === undefined) return;
    if (frame.answer?.$case === "redirect") this.#redirected(frame.answer.value);
    else if (frame.bye !== undefined) this.#handleBye(frame.bye.reason, frame.bye.returnAfterMs);
  }

  #beat(silence: Silence): void {
    const { clock, agent } = this.#parts;
    const silentMs = silence.beat(clock.monotonic());
    const { leaseMs, heartbeatMs } = this.#welcome;
    // An idle host sends an empty frame each period.
    if (silentMs > Math.max(leaseMs, heartbeatMs * 3)) {
      this.#breakOff("the host is silent", true);
      return;
    }
    agent.heartbeat();
  }

  #redirected({ address, epoch, delayMs }: Redirect): void {
    const { logger } = this.#parts;
    const isStale = epoch < this.#epoch;
    if (isStale && this.#phase.name === "linked") return;
    this.#release("redirected to another host");
    this.#resumable = undefined;
    if (isStale) {
      this.#pause("sent to a former owner");
      return;
    }
    this.#epoch = epoch;
    this.#address = address;
    this.#isFollowing = true;
    logger.info("redirected to another host", { address, delayMs });
    if (++this.#redirects > redirectsMax) this.#pause("sent from host to host", delayMs);
    else this.#wait(delayMs);
  }

  #refused({ error }: Refused): void {
    const { onRefused } = this.#parts;
    this.#release("refused");
    const wasResuming = this.#resumable?.address === this.#address;
    this.#resumable = undefined;
    const refusal = error === undefined ? undefined : fromErrorDetail(error);
    const isUnknownLink = wasResuming && refusal?.code === "swarm.link_unknown";
    if (refusal !== undefined && !refusal.retryable && refusal.retryAfterMs === 0 && !isUnknownLink) {
      this.#phase = { name: "closed" };
      onRefused(sdkErrors.refused({ address: this.#address, reason: refusal.message }, { cause: refusal }));
      return;
    }
    this.#pause(refusal?.message ?? "refused without a reason", refusal?.retryAfterMs ?? 0);
  }

  #handleBye(reason: string, returnAfterMs: number): void {
    const { onRefused } = this.#parts;
    this.#release("the host ended the link");
    this.#resumable = undefined;
    // The process may be about to end, or its pool is moving. The configured addresses know the new owner.
    this.#isFollowing = false;
    if (returnAfterMs < 0) {
      this.#phase = { name: "closed" };
      onRefused(sdkErrors.refused({ address: this.#address, reason: `sent away: ${reason}` }));
      return;
    }
    this.#pause(`sent away: ${reason}`, returnAfterMs);
  }

  /** Handles a stream that ended by itself. */
  #handleStreamEnd(reason: string, isKeyRefused: boolean): void {
    if (this.#phase.name === "leaving") {
      this.#finishDisconnect();
      return;
    }
    if (isKeyRefused) this.#keyRefusal ??= reason;
    this.#breakOff(reason, true);
  }

  /** Cancels the stream, and reconnects after a pause. */
  #breakOff(reason: string, canResume = false): void {
    const phase = this.#phase;
    const { clock, timers, agent } = this.#parts;
    if (phase.name === "linked") {
      const nowMs = clock.monotonic();
      if (nowMs - phase.sinceMs >= goodLinkMs) {
        this.#failures = 0;
        this.#redirects = 0;
      }
      const { resumeWindowMs, leaseMs } = this.#welcome;
      if (canResume) this.#resumable = { address: this.#address, untilMs: nowMs + resumeWindowMs };
      const lostAfterMs = Math.max(resumeWindowMs, leaseMs);
      this.#lostTimer?.cancel();
      if (agent.atWork > 0) this.#lostTimer = timers.after(lostAfterMs, () => agent.lost(lostAfterMs));
    }
    this.#release(reason);
    this.#pause(reason);
  }

  /** Releases the stream and its timers. */
  #release(reason: string): void {
    const phase = this.#phase;
    this.#streams++;
    this.#parts.agent.handleDisconnect();
    if ("timer" in phase) phase.timer.cancel();
    if ("beat" in phase) phase.beat.cancel();
    if ("stream" in phase) phase.stream.cancel(reason);
  }

  #pause(reason: string, atLeastMs = 0): void {
    const { backoff, chance, logger, addresses } = this.#parts;
    // Each address is another process. The pause grows only after all addresses were tried, so a live one is found soon.
    const rounds = Math.ceil(++this.#failures / addresses.length);
    if (refused.test(reason)) this.#keyRefusal = undefined;
    const keyRefusal = this.#keyRefusal;
    const ownMs = backoffMs(keyRefusal === undefined ? backoff : keyBackoff, rounds, chance);
    const pauseMs = atLeastMs > 0 ? atLeastMs + ownMs / 4 : ownMs;
    const details = {
      address: this.#address,
      ...explained(reason, keyRefusal),
      pauseMs: Math.round(pauseMs),
      failures: this.#failures,
    };
    if (keyRefusal !== undefined) logger.error("key refused, retrying", details);
    else if (this.#failures <= 1) logger.info("no link, retrying", details);
    else logger.warn("no link, retrying", details);
    const hasReason = this.#isFollowing || this.#resumable?.address === this.#address;
    if (!hasReason || this.#failures >= followedFailuresMax) {
      this.#isFollowing = false;
      // The next instance knows the owner. A reinstalled platform counts its epochs from 0.
      this.#epoch = -1;
      this.#address = addresses[this.#turn++ % addresses.length] ?? "";
    }
    this.#wait(pauseMs);
  }

  #wait(pauseMs: number): void {
    const timer = this.#parts.timers.after(pauseMs, () => this.#greet());
    this.#phase = { name: "waiting", timer };
  }

  #finishDisconnect(): void {
    this.stop();
    this.#parts.onDisconnected();
  }
}

/** Messages of the transport for an address without a listener. */
const refused = /ECONNREFUSED|connection refused/i;
const unknownHost = /ENOTFOUND|EAI_AGAIN|name resolution failed/i;
/** A server that is not Tutti, or its other port. */
const foreign = /answers with status|not HTTP/;
const reset = /ECONNRESET|EPIPE|socket hang up|connection reset/i;
const silent = /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|does not answer/;

interface Explained {
  readonly reason: string;
  readonly latest?: string;
  readonly remedy: string;
}

function explained(reason: string, keyRefusal?: string): Explained {
  if (keyRefusal !== undefined) {
    const remedy = "Set TUTTI_API_KEY to a valid key, and start the worker again.";
    return { reason: keyRefusal, ...(reason === keyRefusal ? {} : { latest: reason }), remedy };
  }
  if (foreign.test(reason))
    return { reason, remedy: "Set TUTTI_URL to the address that the platform prints when it is ready." };
  if (unknownHost.test(reason))
    return { reason: "The host was not found", remedy: "Set TUTTI_URL to the address of the platform." };
  if (refused.test(reason)) {
    const remedy = "Start the platform (npx tutti dev), or set TUTTI_URL to its address.";
    return { reason: "The connection was refused", remedy };
  }
  if (silent.test(reason)) {
    const remedy = "Check TUTTI_URL, and the firewall or proxy before the platform.";
    return { reason: "The host does not answer", remedy };
  }
  return {
    reason: reset.test(reason) ? "The connection was reset" : reason,
    remedy:
      "Wait while the platform starts or restarts. If this continues, check TUTTI_URL and the log of the platform.",
  };
}
