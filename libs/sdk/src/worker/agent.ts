/**
 * The worker's side of a link: maps frames to attempts and back. It knows no stream. A connector passes frames in and
 * sends the outgoing frames.
 *
 * 1. All messages of one turn leave in one frame.
 * 2. Credit is granted only to a linked host, and only for free slots that are not granted yet.
 * 3. A worker that drains or sleeps grants nothing and starts nothing.
 */
import {
  type AgentFrame,
  AgentFrame as AgentFrameType,
  type HostFrame,
  type Offering,
  type Welcome,
} from "@tutti/contracts/agent/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import type { Clock, Defer, Logger, Timer, Timers } from "@tutti/kernel";
import type { MissionTaskContext } from "../client/missions/mission-task.ts";
import { sdkErrors } from "../errors.ts";
import type { BlobAccess } from "../link/blobs.ts";
import { LinkState } from "../link/link-state.ts";
import { Attempts, bytesOfToken, tokenOf } from "../task/attempts.ts";
import type { Handlers } from "../task/handlers.ts";
import type { MeasureRegistry } from "../task/measures.ts";
import { OwnUse, type ProcessUse } from "../task/own-use.ts";
import type { TaskOfMission } from "./missions.ts";
import type { SecretQuery } from "./secrets.ts";
import type { WorkerSettings } from "./settings.ts";

export interface AgentParts {
  readonly settings: WorkerSettings;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly defer: Defer;
  readonly logger: Logger;
  readonly incarnation: string;
  readonly figures: () => HostFigures;
  readonly blobs: () => BlobAccess;
  /** Returns the value of a secret. */
  readonly openSecret: (query: SecretQuery) => Promise<string>;
  readonly measures: MeasureRegistry;
  readonly use: () => ProcessUse | undefined;
  /** Returns the mission of a task. */
  readonly openMission: (task: TaskOfMission) => Promise<MissionTaskContext>;
  /** Called when the host requests a drain. */
  readonly onDrain: (reason: string, deadlineMs: number) => void;
  /** Called when an attempt has ended or a result is durable. */
  readonly onIdle: () => void;
}

type Send = (bytes: Uint8Array) => void;

/** A frame with content is acknowledged within this time. */
const acknowledgeAfterMs = 100;

function hasContent(frame: HostFrame): boolean {
  const { sequence: _, acknowledged: __, ...content } = frame;
  return Object.values(content).some((value) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== 0,
  );
}

export class Agent {
  readonly #parts: AgentParts;
  readonly #link: LinkState;
  readonly #attempts: Attempts;
  #send: Send | undefined;
  #isFlushing = false;
  #isDraining = false;
  #isAsleep = false;
  /** True if the host requested the pause. */
  #isSleepRequested = false;
  #sleepReason = "";
  #waking: Timer | undefined;
  /** Numbers of capabilities by `name@version`, valid for the current link. */
  #numbers: Readonly<Record<string, number>> = {};
  #acknowledging: Timer | undefined;
  #isHeld = false;
  agentId: string;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.agentId = parts.settings.agentId;
    this.#link = new LinkState((token) => this.#attempts.confirm(token));
    const { settings, clock, timers, logger, blobs, openMission, openSecret, measures } = parts;
    const { namespace, slots, resources, sendLogs } = settings;
    const link = this.#link;
    // Without resources, tasks reserve nothing, so there is nothing to advise.
    const ownUse = Object.keys(resources).length === 0 ? undefined : new OwnUse(measures, parts.use);
    const outbox = {
      writer: link.outbox.writer,
      added: (start: number) => {
        link.outbox.added(start);
      },
      addedResult: (token: string, start: number) => link.addedResult(token, start),
      get backlogBytes() {
        return link.outbox.backlogBytes;
      },
      changed: () => this.#flushSoon(),
    };
    this.#attempts = new Attempts({
      namespace,
      slots,
      clock,
      timers,
      logger,
      outbox,
      blobs,
      measures,
      ownUse,
      sendLogs,
      openSecret: ({ assign }, reference) =>
        openSecret({
          reference,
          namespace: assign.namespace || namespace,
          workKind: assign.workKind || "run",
          workId: assign.workId,
          taskId: assign.taskId,
          accessToken: assign.accessToken,
        }),
      openMission: ({ assign }) =>
        openMission({
          namespace: assign.namespace || namespace,
          missionId: assign.workId,
          taskId: assign.taskId,
          agentId: this.agentId,
        }),
    });
  }

  /** Number of running handlers, and of results that are not known to be durable. */
  get unfinished(): number {
    return this.#attempts.running + this.#link.retainedCount;
  }

  get atWork(): number {
    return this.#attempts.atWork;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  get linkId(): string {
    return this.#link.linkId;
  }

  /** Returns the first frame of a stream, which resumes the link or starts a new one. */
  hello({ resumes }: { readonly resumes: boolean }): Uint8Array {
    const { settings, incarnation } = this.#parts;
    const hello: Partial<NonNullable<AgentFrame["hello"]>> = {
      versionMin: 1,
      versionMax: 1,
      namespace: settings.namespace,
      agentId: this.agentId,
      incarnation,
      pool: settings.pool,
      kind: settings.kind,
      sdkName: "tutti-typescript",
      sdkVersion: "0.1.0",
      canFollow: settings.followRedirects,
      launchId: settings.launchId,
      offering: this.#offering(),
      // Sent even for a resume. A host that cannot resume has to answer which tasks it does not need.
      running: this.#tokens().map(bytesOfToken),
    };
    if (resumes) hello.resume = { linkId: this.#link.linkId, received: this.#link.received };
    return AgentFrameType.encode(AgentFrameType.fromPartial({ hello })).finish();
  }

  /** Applies the welcome of the host. From now on the worker sends frames. */
  welcomed(welcome: Welcome, send: Send): void {
    this.#send = send;
    this.agentId = welcome.agentId || this.agentId;
    this.#attempts.startedAfterMs = welcome.startedAfterMs;
    if (welcome.maxInlineBytes > 0) this.#attempts.outputBytesMax = welcome.maxInlineBytes;
    const unwanted = new Set(welcome.unwanted.map(tokenOf));
    for (const token of unwanted) this.#attempts.unwanted(token);
    if (welcome.resumed) {
      this.#link.resumed(welcome.received);
    } else {
      this.#numbers = {};
      this.#link.started(welcome, (token) => !unwanted.has(token));
      this.#attempts.reportRunning();
    }
    if (welcome.capabilityNumbers !== undefined) this.#number(welcome.capabilityNumbers.numbers);
    this.#isHeld = welcome.held !== undefined;
    if (this.#isDraining) this.#sendDrain("the worker stops");
    // A pause by a host ends with its link: another host may need the worker, and does not know about the pause.
    if (this.#isSleepRequested && !welcome.resumed) this.wake("a new link starts", true);
    if (this.#isAsleep && !this.#isSleepRequested) this.#sendSleep(this.#sleepReason, 0);
    this.#link.outbox.touch();
    this.flush();
  }

  /** Applies a frame of a linked host, and returns it. Throws a `LinkBroken`. */
  receive(bytes: Uint8Array): HostFrame | undefined {
    const frame = this.#link.receive(bytes);
    if (frame === undefined) return undefined;
    // Applied first: one frame may acknowledge the answer `busy` of an attempt and assign the same attempt again.
    const hasDurableResults = frame.resultsDurable > 0 || frame.resultsDurableBeyond.length > 0;
    if (hasDurableResults) this.#link.durable(frame.resultsDurable, frame.resultsDurableBeyond);
    const { assignments } = frame;
    if (assignments.length > 0) {
      const nowMs = this.#attempts.nowMs();
      for (const assign of assignments) {
        if (this.#link.credit > 0) this.#link.credit--;
        this.#attempts.assigned(assign, nowMs);
      }
      this.#flushSoon();
    }
    if (hasDurableResults && this.#isDraining) this.#parts.onIdle();
    for (const cancel of frame.cancels) this.#attempts.cancelled(cancel);
    for (const extension of frame.extensions) this.#attempts.extended(extension);
    this.#applyRare(frame);
    this.#attempts.checkBacklog();
    if (!this.#link.outbox.isEmpty) this.#flushSoon();
    // An empty frame needs no answer: two sides that acknowledge acknowledgements would never stop.
    if (this.#acknowledging === undefined && hasContent(frame))
      this.#acknowledging = this.#acknowledgeLater();
    return frame;
  }

  /** Acknowledges later, if no other message does so before. */
  #acknowledgeLater(): Timer {
    return this.#parts.timers.after(acknowledgeAfterMs, () => {
      this.#acknowledging = undefined;
      if (this.#link.owesAcknowledgement) this.#link.outbox.touch();
      this.flush();
    });
  }

  /** Handles the end of the stream. All state is kept for the next stream. */
  handleDisconnect(): void {
    this.#send = undefined;
  }

  /** Aborts all attempts. The link was lost for so long that the host has reassigned the tasks. */
  lost(afterMs: number): void {
    this.#attempts.abortAll(sdkErrors.linkLost({ afterMs }));
  }

  heartbeat(): void {
    const heartbeat = {
      figures: this.#parts.figures(),
      freeSlots: this.#attempts.freeSlots,
      attempts: this.#attempts.running,
      freeResources: {},
    };
    this.#write({ heartbeat });
    this.flush();
  }

  /** Sends the changed offer. */
  sendOffering(): void {
    if (this.#send === undefined) return;
    const offering = this.#offering();
    this.#sendFrame({ offering });
  }

  drain(reason: string): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#attempts.closedBecause = `the worker drains: ${reason}`;
    this.#link.credit = 0;
    if (this.#send !== undefined) this.#sendDrain(reason);
    this.flush();
  }

  sleep(reason: string, forMs: number, isRequested: boolean): void {
    const wasAsleep = this.#isAsleep;
    this.#isAsleep = true;
    this.#isSleepRequested = isRequested;
    this.#sleepReason = reason;
    this.#attempts.closedBecause = "the worker sleeps";
    this.#link.credit = 0;
    this.#waking?.cancel();
    if (forMs > 0)
      this.#waking = this.#parts.timers.after(forMs, () => this.wake("the sleep duration has passed", false));
    if (!isRequested) this.#sendSleep(reason, forMs);
    if (!wasAsleep) this.#call("onSleep", reason);
    this.flush();
  }

  wake(reason: string, isRequested: boolean): void {
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    this.#isSleepRequested = false;
    this.#waking?.cancel();
    this.#call("onWake", reason);
    if (!this.#isDraining) this.#attempts.closedBecause = "";
    if (!isRequested) this.#sendFrame({ wake: { reason } });
    this.flush();
  }

  bye(reason: string): void {
    this.#sendFrame({ bye: { reason, returnAfterMs: 0 } });
    this.flush();
  }

  abortAll(reason: Error): void {
    this.#attempts.abortAll(reason);
  }

  stop(): void {
    this.#waking?.cancel();
    this.#acknowledging?.cancel();
    this.#attempts.stop();
    this.#send = undefined;
  }

  /** Sends the pending messages if there is a link. */
  flush(): void {
    if (this.#send === undefined) return;
    this.#attempts.collect();
    if (!this.#isDraining && !this.#isAsleep) this.#link.grant(this.#attempts.freeSlots);
    this.#link.flush(this.#send);
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#parts.defer(() => {
      this.#isFlushing = false;
      this.flush();
      if (this.#isDraining) this.#parts.onIdle();
    });
  }

  #applyRare(frame: HostFrame): void {
    const { drain, sleep, wake, held, released, capabilityNumbers } = frame;
    if (drain !== undefined) this.#parts.onDrain(drain.reason, drain.deadlineMs);
    if (sleep !== undefined) this.sleep(sleep.reason, sleep.forMs, true);
    if (wake !== undefined) this.wake(wake.reason, true);
    if (held !== undefined) this.#isHeld = true;
    if (released !== undefined) this.#isHeld = false;
    if (capabilityNumbers !== undefined) this.#number(capabilityNumbers.numbers);
  }

  #number(numbers: Readonly<Record<string, number>>): void {
    this.#numbers = { ...this.#numbers, ...numbers };
    this.#attempts.number(this.#parts.handlers.numbered(this.#numbers));
  }

  #tokens(): string[] {
    return [...new Set([...this.#attempts.tokens, ...this.#link.retainedTokens()])];
  }

  #offering(): Offering {
    const { settings, handlers } = this.#parts;
    const { labels, slots, resources, contextKeys, description } = settings;
    return {
      capabilities: handlers.capabilities,
      labels: { ...labels },
      slots,
      resources: { ...resources },
      contextKeys: [...contextKeys],
      description,
    };
  }

  /** Calls a handler of the user. Its error must not end the link. */
  #call(handler: "onSleep" | "onWake", reason: string): void {
    const { settings, logger } = this.#parts;
    const failed = (error: unknown) => logger.error("a handler failed", { handler, error });
    try {
      Promise.resolve(settings[handler](reason)).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #sendDrain(reason: string): void {
    this.#sendFrame({ drain: { reason, deadlineMs: 0 } });
  }

  #sendSleep(reason: string, forMs: number): void {
    this.#sendFrame({ sleep: { reason, forMs } });
  }

  #sendFrame(frame: Partial<AgentFrame>): void {
    if (this.#send === undefined) return;
    this.#write(frame);
    this.#flushSoon();
  }

  #write(frame: Partial<AgentFrame>): void {
    const { outbox } = this.#link;
    const start = outbox.writer.position;
    AgentFrameType.encode(AgentFrameType.fromPartial(frame), outbox.writer);
    outbox.added(start);
  }
}
