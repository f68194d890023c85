/**
 * An agent whose link ends here and whose pool is owned elsewhere: its frames go to the relay, and the frames
 * for it come from the relay. The relay knows enough of the agent to announce it to another owner.
 *
 *     greeting ── welcome ──► open ── another stream ──► open
 *     greeting, open ── refused, goodbye of either side ──► closed
 *
 * 1. Each owner receives a token from its assignment until its result is durable, so that the attempt
 *    continues.
 * 2. Of a change of owners the agent only learns which attempts are no longer wanted.
 */
import {
  type AgentFrame,
  type Bye,
  type Hello,
  HostFrame,
  type Redirect,
  type Welcome,
} from "@tutti/contracts/agent/v1";
import type { LinkOpened, LinkRefused } from "@tutti/contracts/swarm/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { fromErrorDetail, type Refusal, type TuttiError } from "@tutti/kernel";
import { type AgentLink, type AgentOutlet, type Joined, TokenTable } from "@tutti/matching";
import { swarmErrors } from "../../errors.ts";
import { weightOfAgentFrame } from "../../weights.ts";
import { emptyAgentFrame } from "../empty-frame.ts";
import { linkLimits } from "../protocol/limits.ts";
import { RelayedNumbers } from "./relayed-numbers.ts";
import { RelayedResults } from "./relayed-results.ts";

/** The relay, as its agents see it. */
export interface AgentRelay {
  /** Whether a stream to the owner is open for its frames. */
  readonly isOpen: boolean;
  send(number: number, frame: AgentFrame): void;
  disconnected(number: number): void;
  resumed(agent: RelayedAgent): void;
  handleEnd(agent: RelayedAgent, reason: string): void;
}

export interface RelayedAgentParts {
  /** Number of the agent in the relay. */
  readonly number: number;
  readonly linkId: string;
  readonly hello: Hello;
  readonly principal: Actor | undefined;
  readonly outlet: AgentOutlet;
  readonly relay: AgentRelay;
  readonly tableSeed: number;
  readonly nowMs: number;
}

/** The state that an agent requests, repeated to another owner. */
type RequestedState = Pick<AgentFrame, "drain" | "sleep">;

/** Maximum of frames of an agent that no owner has accepted yet. */
const unsettledBytesMax = 4 * linkLimits.unacknowledged.bytes;
const active: RequestedState = { drain: undefined, sleep: undefined };

export class RelayedAgent implements AgentLink {
  readonly number: number;
  readonly #parts: RelayedAgentParts;
  #hello: Hello;
  #state: "greeting" | "open" | "closed" = "greeting";
  #credit = 0;
  #requestedState: RequestedState = active;
  #isDisconnected = false;
  #lastSeenMs: number;
  readonly #tokens: TokenTable<Uint8Array>;
  readonly #results = new RelayedResults((token) => this.#tokens.delete(token));
  readonly #numbers = new RelayedNumbers();
  /** Frames received while no stream was open. */
  #pending: AgentFrame[] = [];
  #pendingBytes = 0;
  readonly #greeted = Promise.withResolvers<Joined>();

  constructor(parts: RelayedAgentParts) {
    this.#parts = parts;
    this.number = parts.number;
    this.#hello = { ...parts.hello, accessToken: "", resume: undefined };
    this.#lastSeenMs = parts.nowMs;
    this.#tokens = new TokenTable(parts.tableSeed);
    for (const token of parts.hello.running) this.#has(token);
    // The agent may have left before the owner answers.
    this.#greeted.promise.catch(() => {});
  }

  get agentId(): string {
    return this.#hello.agentId;
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /** Resolves with the welcome. Rejects with the reason of a refusal. */
  get joined(): Promise<Joined> {
    return this.#greeted.promise;
  }

  receive(frame: AgentFrame, nowMs: number): Refusal | undefined {
    if (this.#state === "closed") return undefined;
    this.#lastSeenMs = nowMs;
    for (const result of frame.results) this.#results.add(result);
    this.#credit += frame.credit;
    if (frame.offering !== undefined) this.#hello = { ...this.#hello, offering: frame.offering };
    this.#updateState(frame);
    if (this.#parts.relay.isOpen) {
      const isNumbered = frame.sequence !== 0 || frame.acknowledged !== 0;
      this.#parts.relay.send(this.number, isNumbered ? { ...frame, sequence: 0, acknowledged: 0 } : frame);
    } else this.#buffer(frame);
    const bytes = this.#results.bytes + this.#pendingBytes;
    if (bytes <= unsettledBytesMax) return undefined;
    return swarmErrors.tooMuchUnsettled.refusal({ agent: this.agentId, bytes, max: unsettledBytesMax });
  }

  markDisconnected(_nowMs: number): void {
    this.#isDisconnected = true;
    if (this.#state === "open") this.#parts.relay.disconnected(this.number);
  }

  resume(nowMs: number): void {
    this.#isDisconnected = false;
    this.#lastSeenMs = nowMs;
    if (this.#state === "open") this.#parts.relay.resumed(this);
  }

  terminate(reason: string, _nowMs: number): void {
    if (this.#state === "closed") return;
    this.#close(swarmErrors.hostStopping());
    this.#parts.relay.handleEnd(this, reason);
  }

  /** Returns the message that announces the link to the owner. */
  opened(nowMs: number): LinkOpened {
    const { linkId, principal } = this.#parts;
    return {
      link: this.number,
      linkId,
      principal,
      cut: this.#isDisconnected,
      hello: { ...this.#hello, running: [] },
      credit: this.#credit,
      tokens: [...this.#tokens.values()],
      heardAgoMs: Math.max(0, nowMs - this.#lastSeenMs),
    };
  }

  /** Returns the frames for a new stream: results that are not durable, and frames received meanwhile. */
  takePending(): AgentFrame[] {
    this.#numbers.forgetOwner();
    const results = this.#results.restart();
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    const frames: AgentFrame[] = results.length > 0 ? [{ ...emptyAgentFrame, results }, ...pending] : pending;
    if (this.#requestedState !== active) frames.push({ ...emptyAgentFrame, ...this.#requestedState });
    return frames;
  }

  /** Handles the welcome of the owner. */
  welcomed(welcome: Welcome): void {
    if (this.#state === "closed") return;
    const { agentId, capabilityNumbers, unwanted, held } = welcome;
    const added = this.#numbers.learn(capabilityNumbers?.numbers ?? {});
    if (this.#state === "greeting") {
      this.#hello = { ...this.#hello, agentId };
      for (const token of unwanted) this.#tokens.delete(token);
      this.#state = "open";
      this.#greeted.resolve({ link: this, agentId, capabilityNumbers: this.#numbers.sent, unwanted, held });
      return;
    }
    const frame = HostFrame.create();
    // An attempt with a result is settled with it.
    for (const token of unwanted) {
      this.#tokens.delete(token);
      if (!this.#results.has(token))
        frame.cancels.push({ token, reason: "the new owner of its pool does not want it", graceMs: 0 });
    }
    if (Object.keys(added).length > 0) frame.capabilityNumbers = { numbers: added };
    frame.held = held;
    if (frame.cancels.length > 0 || frame.capabilityNumbers !== undefined || held !== undefined)
      this.#parts.outlet.send(frame);
  }

  /** Sends a frame of the owner to the agent. */
  received(frame: HostFrame): void {
    if (this.#state !== "open") return;
    // First: an attempt that was answered as busy may come again in the frame that settles its answer.
    const settled = this.#results.confirm(frame.resultsDurable, frame.resultsDurableBeyond);
    this.#credit = Math.max(0, this.#credit - frame.assignments.length);
    for (const { token } of frame.assignments) this.#has(token);
    for (const { token, graceMs } of frame.cancels) if (graceMs === 0) this.#tokens.delete(token);
    if (frame.drain !== undefined || frame.sleep !== undefined) this.#credit = 0;
    const numbers = frame.capabilityNumbers && this.#numbers.learn(frame.capabilityNumbers.numbers);
    const { bye, ...rest } = frame;
    this.#parts.outlet.send({
      ...rest,
      assignments: this.#assignments(frame),
      resultsDurable: settled?.resultsDurable ?? 0,
      resultsDurableBeyond: settled?.resultsDurableBeyond ?? [],
      capabilityNumbers: numbers && { numbers },
      bye: undefined,
    });
    if (bye !== undefined) this.dismissed(bye);
  }

  /** Handles a refusal or redirection by the owner. */
  refused({ answer }: LinkRefused): void {
    if (this.#state === "closed") return;
    const error = errorOfAnswer(answer);
    const wasOpen = this.#state === "open";
    this.#close(error);
    if (wasOpen) this.#parts.outlet.close({ reason: error.message, returnAfterMs: returnAfterRefusalMs });
  }

  /** Ends the link of an agent that its pool has dismissed. */
  dismissed(bye: Bye): void {
    if (this.#state === "closed") return;
    this.#close(swarmErrors.hostStopping());
    this.#parts.outlet.close(bye);
  }

  /** Ends the link because the relay cannot be opened at all. */
  fail(error: TuttiError): void {
    const wasOpen = this.#state === "open";
    this.#close(error);
    if (wasOpen) this.#parts.outlet.close({ reason: error.message, returnAfterMs: returnAfterRefusalMs });
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Copies the token, so that it does not keep the bytes of its frame in memory. */
  #has(token: Uint8Array): void {
    const own = new Uint8Array(token);
    this.#tokens.set(own, own);
  }

  #close(error: TuttiError): void {
    this.#state = "closed";
    this.#greeted.reject(error);
  }

  #assignments({ assignments }: HostFrame): HostFrame["assignments"] {
    if (this.#numbers.isSame) return assignments;
    return assignments.map((assignment) => ({
      ...assignment,
      capability: this.#numbers.of(assignment.capability),
    }));
  }

  #updateState({ drain, sleep, wake }: AgentFrame): void {
    if (drain !== undefined) this.#requestedState = { drain, sleep: undefined };
    if (sleep !== undefined) this.#requestedState = { drain: undefined, sleep };
    if (wake !== undefined) this.#requestedState = active;
    if (drain !== undefined || sleep !== undefined) this.#credit = 0;
  }

  /** Results, credit and state are repeated anyway. */
  #buffer({ started, progress, partialOutputs }: AgentFrame): void {
    if (started.length + progress.length + partialOutputs.length === 0) return;
    const frame = { ...emptyAgentFrame, started, progress, partialOutputs };
    this.#pending.push(frame);
    this.#pendingBytes += weightOfAgentFrame(frame);
  }
}

/** Pause of a refused agent: later it may be accepted, at another host or by another owner. */
const returnAfterRefusalMs = 1_000;

function errorOfAnswer(answer: LinkRefused["answer"]): TuttiError {
  if (answer?.$case === "refused" && answer.value.error !== undefined)
    return fromErrorDetail(answer.value.error);
  const redirect: Redirect | undefined = answer?.$case === "redirect" ? answer.value : undefined;
  return swarmErrors.poolElsewhere({ owner: redirect?.address ?? "" }, { retryAfterMs: 1_000 });
}
