/**
 * The host's side of one link: which frames were received, which are in flight, and which wait to be sent. Pure: the
 * caller passes the time, and a stream is only a carrier that can be woken and closed. The link does not interpret the
 * content of frames.
 *
 *     cut ── attach ──► linked ── detach, cutOff ──► cut
 *     linked, cut ── end ──► ended
 *
 * 1. Frames of the agent are accepted once, in the order sent, over all streams of the link.
 * 2. Frames of the host keep number and content from the first time they are sent to the last.
 * 3. A frame is sent only while fewer frames and bytes than the limits are unacknowledged. The rest waits here.
 * 4. At most one stream carries the link. A new stream replaces the previous one, which is closed.
 * 5. An ended link is never attached again. Its last frames still go out on the stream that carried it.
 */
import type { AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { EncodedHostFrame } from "@tutti/contracts/wire";
import { assert, type TuttiError } from "@tutti/kernel";
import { swarmErrors } from "../../errors.ts";
import { type Content, emptyContent, numbered } from "./contents.ts";
import { nextNumber } from "./frame-number.ts";
import { linkLimits, weighAgentFrame } from "./limits.ts";
import { ReceivedFrames } from "./received-frames.ts";
import { SentFrames } from "./sent-frames.ts";

/** The stream that carries a link at present. */
export interface Carrier {
  /** There may be something to send. */
  wake(): void;
  /** Closes the stream once everything that may be sent is out, with the error if there is one. */
  close(error: TuttiError | undefined): void;
}

/** The agent at the other end. */
export interface LinkIdentity {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
  readonly incarnation: string;
}

export interface LinkTimes {
  readonly heartbeatMs: number;
  readonly resumeWindowMs: number;
}

/** The phase of a link, with the stream and the times that exist only in it. */
type LinkPhase =
  | {
      readonly kind: "linked";
      readonly carrier: Carrier;
      /** When the last frame was sent: a heartbeat is due some time after it. */
      sentMs: number;
    }
  | {
      readonly kind: "cut";
      /** When the stream broke: the window for a resumption starts here. */
      readonly sinceMs: number;
    }
  | {
      readonly kind: "ended";
      /** Takes the last frames. Undefined if the link was cut when it ended. */
      readonly carrier: Carrier | undefined;
    };

/** From this many frames or bytes on, an acknowledgement is sent at once instead of with the next frame. */
const acknowledgeThreshold = { frames: 32, bytes: 1_048_576 } as const;

/** How often a link may be resumed without a frame of the agent getting through. */
const fruitlessMax = 5;

export class HostLink {
  readonly id: string;
  readonly identity: LinkIdentity;
  readonly #times: LinkTimes;
  readonly #sent = new SentFrames<EncodedHostFrame>(linkLimits.unacknowledged);
  readonly #received = new ReceivedFrames();
  #waiting: Content[] = [];
  #waitingBytes = 0;
  #repeats: EncodedHostFrame[] = [];
  #phase: LinkPhase;
  #lastSeenMs: number;
  /** Whether a frame is sent even without content, as an acknowledgement or heartbeat. */
  #isFrameDue = false;
  /** The last frame received when the link was last resumed, and how many resumptions in a row brought no frame. */
  #resumedAt = -1;
  #fruitless = 0;

  /** Starts as cut, until a stream carries the link. */
  constructor(id: string, identity: LinkIdentity, times: LinkTimes, nowMs: number) {
    this.id = id;
    this.identity = identity;
    this.#times = times;
    this.#lastSeenMs = nowMs;
    this.#phase = { kind: "cut", sinceMs: nowMs };
  }

  get phase(): LinkPhase["kind"] {
    return this.#phase.kind;
  }

  /** When the last frame of the agent arrived, or its last stream. */
  get lastSeenMs(): number {
    return this.#lastSeenMs;
  }

  /** The number of the last frame received from the agent. */
  get received(): number {
    return this.#received.last;
  }

  /** Whether no frame has acknowledged yet what the agent sent. */
  get isAcknowledgementDue(): boolean {
    return this.#received.unacknowledgedWithContent > 0;
  }

  /** Whether the agent must read the frames it was sent before more are added. */
  get isClogged(): boolean {
    return !this.#sent.hasRoom || this.backlogBytes >= linkLimits.unacknowledged.bytes;
  }

  /** Bytes that are in flight or wait to be sent. */
  get backlogBytes(): number {
    return this.#waitingBytes + this.#sent.unacknowledgedBytes;
  }

  isCarriedBy(carrier: Carrier): boolean {
    return this.#carrier === carrier;
  }

  /** The stream carries the link from now on. The greeting has been answered when it asks for the first frame. */
  attach(carrier: Carrier, nowMs: number): void {
    const previous = this.#phase;
    assert(previous.kind !== "ended", "a link that has ended is not attached", { link: this.id });
    this.#phase = { kind: "linked", carrier, sentMs: nowMs };
    this.#lastSeenMs = nowMs;
    if (previous.kind === "linked")
      previous.carrier.close(swarmErrors.streamReplaced({ agent: this.identity.agentId }));
  }

  /** The stream broke. Returns whether this cut the link: a stream that was replaced does not. */
  detach(carrier: Carrier, nowMs: number): boolean {
    if (this.#carrier !== carrier) return false;
    switch (this.#phase.kind) {
      case "linked":
        this.#phase = { kind: "cut", sinceMs: nowMs };
        return true;
      case "ended":
        this.#phase = { kind: "ended", carrier: undefined };
        return false;
      case "cut":
        return false;
    }
  }

  /**
   * A new stream resumes the link: every frame after the last one the agent received is sent again, unchanged. Throws
   * if stream after stream broke without a frame getting through: no transport accepts the next frame.
   */
  resume(received: number): void {
    this.#acknowledged(received);
    const { last } = this.#received;
    this.#fruitless = last === this.#resumedAt ? this.#fruitless + 1 : 0;
    this.#resumedAt = last;
    if (this.#fruitless >= fruitlessMax) {
      const { agentId: agent } = this.identity;
      throw swarmErrors.linkStuck({ agent, frame: nextNumber(last), times: this.#fruitless });
    }
    this.#repeats = [...this.#sent.pending()];
  }

  /**
   * Accepts a frame of the agent. Returns whether it is new. Throws if the frame violates the protocol. The caller then
   * ends the link, or only its stream if a frame is missing.
   */
  receive(frame: AgentFrame, nowMs: number): boolean {
    if (frame.hello !== undefined) throw swarmErrors.greetingRepeated({ agent: this.identity.agentId });
    const bytes = weighAgentFrame(frame);
    this.#lastSeenMs = nowMs;
    this.#acknowledged(frame.acknowledged);
    const arrival = this.#received.arrivalOf(frame.sequence);
    if (arrival === "repeated") return false;
    if (arrival === "gap") {
      const expected = nextNumber(this.#received.last);
      throw swarmErrors.frameMissing({ expected, found: frame.sequence });
    }
    this.#requireWithinLimits();
    this.#received.accept(hasContent(frame), bytes);
    const { unacknowledgedWithContent, unacknowledgedBytes } = this.#received;
    const { frames: framesMax, bytes: bytesMax } = acknowledgeThreshold;
    if (unacknowledgedWithContent >= framesMax || unacknowledgedBytes >= bytesMax) this.#requestFrame();
    return true;
  }

  /** Queues content. It is sent in the order of these calls. */
  send(content: Content): void {
    this.#waiting.push(content);
    this.#waitingBytes += content.length;
    this.#carrier?.wake();
  }

  /**
   * Returns the next frame for the stream that carries the link. Undefined when there is nothing to send or no room.
   */
  next(carrier: Carrier, nowMs: number): HostFrame | undefined {
    if (carrier !== this.#carrier) return undefined;
    const frame = this.#repeats.shift() ?? this.#seal();
    if (frame !== undefined && this.#phase.kind === "linked") this.#phase.sentMs = nowMs;
    return frame;
  }

  /** Requests an acknowledgement or heartbeat if one is due. Returns whether the window for a resumption has expired. */
  tick(nowMs: number): boolean {
    const phase = this.#phase;
    switch (phase.kind) {
      case "linked":
        if (this.isAcknowledgementDue || nowMs - phase.sentMs >= this.#times.heartbeatMs)
          this.#requestFrame();
        return false;
      case "cut":
        return nowMs - phase.sinceMs >= this.#times.resumeWindowMs;
      case "ended":
        return false;
    }
  }

  /** Closes the stream with an error. The link may be resumed on another one. Returns whether there was a stream. */
  closeStream(error: TuttiError, nowMs: number): boolean {
    const carrier = this.#carrier;
    if (carrier === undefined || !this.detach(carrier, nowMs)) return false;
    carrier.close(error);
    return true;
  }

  /** Ends the link, so that it cannot be resumed. Queued frames still go out if the stream accepts them. */
  close(error: TuttiError | undefined): void {
    if (this.#phase.kind === "ended") return;
    const carrier = this.#carrier;
    this.#phase = { kind: "ended", carrier };
    carrier?.close(error);
  }

  /** The stream that may send, if any. */
  get #carrier(): Carrier | undefined {
    return this.#phase.kind === "cut" ? undefined : this.#phase.carrier;
  }

  #seal(): EncodedHostFrame | undefined {
    if (!this.#sent.hasRoom) return undefined;
    const content = this.#waiting.shift();
    if (content === undefined && !this.#isFrameDue) return undefined;
    this.#waitingBytes -= content?.length ?? 0;
    this.#isFrameDue = false;
    const bytes = numbered(content ?? emptyContent(), this.#sent.next, this.#received.acknowledge());
    const frame = new EncodedHostFrame(bytes);
    this.#sent.add(frame, bytes.length);
    return frame;
  }

  #acknowledged(number: number): void {
    if (!this.#sent.acknowledge(number))
      throw swarmErrors.acknowledgementAhead({ sent: this.#sent.last, found: number });
    // There may be room again.
    if (this.#waiting.length > 0) this.#carrier?.wake();
  }

  #requestFrame(): void {
    this.#isFrameDue = true;
    this.#carrier?.wake();
  }

  /** The agent counts at least as many as are counted here: acknowledgements may still be in flight. */
  #requireWithinLimits(): void {
    const { unacknowledged: frames, unacknowledgedBytes: bytes } = this.#received;
    const { unacknowledged } = linkLimits;
    if (frames >= unacknowledged.frames || bytes >= unacknowledged.bytes)
      throw swarmErrors.tooMuchUnacknowledged({ frames, bytes });
  }
}

/** Returns whether a frame needs an acknowledgement soon. A heartbeat does not. */
function hasContent(frame: AgentFrame): boolean {
  const { results, started, progress, partialOutputs, credit } = frame;
  const lists = results.length + started.length + progress.length + partialOutputs.length;
  const others = frame.offering ?? frame.drain ?? frame.sleep ?? frame.wake ?? frame.bye;
  return lists > 0 || credit > 0 || others !== undefined;
}
