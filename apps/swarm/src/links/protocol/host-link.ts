/**
 * The host's side of one link: what was taken in, what is under way, and what is still to be said. Pure: it is told the
 * time, and knows no stream but as something that can be woken and ended. What the frames say is not its concern.
 *
 *     linked ── stream broken ──► cut ── resume ──► linked
 *     linked, cut ── end ──► ended
 *
 * 1. Frames of the agent are taken in once, in the order sent, over all streams of the link.
 * 2. Frames of the host keep number and content from the first time they are sent to the last.
 * 3. A frame goes out only while less than the limits is unacknowledged. What there is no room for waits here.
 * 4. At most one stream carries the link. Another one takes its place and the one before ends.
 */
import type { AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { EncodedHostFrame } from "@tutti/contracts/wire";
import type { TuttiError } from "@tutti/kernel";
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
  /** The stream ends once everything that may be sent is out. With an error where there is one to tell. */
  close(error: TuttiError | undefined): void;
}

/** Who is at the other end. */
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

export type LinkLife = "linked" | "cut" | "ended";

/** What the passing of time brought about. */
export type LinkDue = "expired";

/** Acknowledged at once, and not with what is sent anyway: so many frames, or bytes. */
const atOnce = { frames: 32, bytes: 1_048_576 } as const;

/** So often a link is resumed without a frame of the agent getting through. */
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
  #carrier: Carrier | undefined;
  #life: LinkLife = "cut";
  #heardMs: number;
  #saidMs: number;
  #cutMs: number;
  /** Whether a frame is to go out although it says nothing but how far the other side was taken in. */
  #owesWord = false;
  /** How far the agent was taken in when the link was resumed last, and how often that brought nothing. */
  #resumedAt = -1;
  #fruitless = 0;

  /** It is cut until a stream carries it. */
  constructor(id: string, identity: LinkIdentity, times: LinkTimes, nowMs: number) {
    this.id = id;
    this.identity = identity;
    this.#times = times;
    this.#heardMs = nowMs;
    this.#saidMs = nowMs;
    this.#cutMs = nowMs;
  }

  get life(): LinkLife {
    return this.#life;
  }

  /** When the agent was heard last. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** The last frame of the agent that was taken in. */
  get received(): number {
    return this.#received.last;
  }

  /** Whether the agent has to read what it was sent before anything is added. */
  get isClogged(): boolean {
    return !this.#sent.hasRoom || this.backlogBytes >= linkLimits.unacknowledged.bytes;
  }

  /** Bytes that are under way or wait to be. */
  get backlogBytes(): number {
    return this.#waitingBytes + this.#sent.unacknowledgedBytes;
  }

  isCarriedBy(carrier: Carrier): boolean {
    return this.#carrier === carrier;
  }

  /** The stream carries the link from now on. The greeting has been answered when it asks for the first frame. */
  attach(carrier: Carrier, nowMs: number): void {
    const before = this.#carrier;
    this.#carrier = carrier;
    this.#life = "linked";
    this.#heardMs = nowMs;
    this.#saidMs = nowMs;
    before?.close(swarmErrors.streamReplaced({ agent: this.identity.agentId }));
  }

  /** The stream is gone. Gives whether it was the one that carried the link: then the link is cut. */
  detach(carrier: Carrier, nowMs: number): boolean {
    if (this.#carrier !== carrier) return false;
    this.#carrier = undefined;
    if (this.#life !== "linked") return false;
    this.#life = "cut";
    this.#cutMs = nowMs;
    return true;
  }

  /**
   * A new stream continues: everything after what the agent has taken in is sent again, unchanged. Throws when stream
   * after stream broke without a frame getting through: the next one is such that no transport takes it.
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
   * Takes in a frame of the agent. Gives whether it is new. Throws what breaks the protocol: then the link is ended, or
   * its stream alone where a frame is missing.
   */
  take(frame: AgentFrame, nowMs: number): boolean {
    if (frame.hello !== undefined) throw swarmErrors.greetingRepeated({ agent: this.identity.agentId });
    const bytes = weighAgentFrame(frame);
    this.#heardMs = nowMs;
    this.#acknowledged(frame.acknowledged);
    const arrival = this.#received.arrivalOf(frame.sequence);
    if (arrival === "repeated") return false;
    if (arrival === "gap") {
      const expected = nextNumber(this.#received.last);
      throw swarmErrors.frameMissing({ expected, found: frame.sequence });
    }
    this.#requireWaiting();
    this.#received.take(hasContent(frame), bytes);
    const { contentUntold, bytesUntold } = this.#received;
    if (contentUntold >= atOnce.frames || bytesUntold >= atOnce.bytes) this.#speak();
    return true;
  }

  /** Says something: in the order in which it is said. */
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
    if (frame !== undefined) this.#saidMs = nowMs;
    return frame;
  }

  /** Looks at the time: says a word where one is due, and gives what has become of the link. */
  tick(nowMs: number): LinkDue | undefined {
    const { heartbeatMs, resumeWindowMs } = this.#times;
    if (this.#life === "cut") return nowMs - this.#cutMs >= resumeWindowMs ? "expired" : undefined;
    if (this.#life === "ended") return undefined;
    if (this.#received.contentUntold > 0 || nowMs - this.#saidMs >= heartbeatMs) this.#speak();
    return undefined;
  }

  /** The stream is ended with an error. The link may be resumed on another one. Gives whether there was a stream. */
  cutOff(error: TuttiError, nowMs: number): boolean {
    const carrier = this.#carrier;
    if (carrier === undefined || !this.detach(carrier, nowMs)) return false;
    carrier.close(error);
    return true;
  }

  /** The link is over and cannot be resumed. What was said before still goes out, if the stream takes it. */
  end(error: TuttiError | undefined): void {
    if (this.#life === "ended") return;
    this.#life = "ended";
    this.#carrier?.close(error);
  }

  #seal(): EncodedHostFrame | undefined {
    if (!this.#sent.hasRoom) return undefined;
    const content = this.#waiting.shift();
    if (content === undefined && !this.#owesWord) return undefined;
    this.#waitingBytes -= content?.length ?? 0;
    this.#owesWord = false;
    const bytes = numbered(content ?? emptyContent(), this.#sent.next, this.#received.tell());
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

  #speak(): void {
    this.#owesWord = true;
    this.#carrier?.wake();
  }

  /** The agent counts at least what is counted here: acknowledgements may be on their way. */
  #requireWaiting(): void {
    const { untold: frames, bytesUntold: bytes } = this.#received;
    const { unacknowledged } = linkLimits;
    if (frames >= unacknowledged.frames || bytes >= unacknowledged.bytes)
      throw swarmErrors.tooMuchUnacknowledged({ frames, bytes });
  }
}

/** Returns whether a frame asks for an acknowledgement soon. One that says only that the agent lives does not. */
function hasContent(frame: AgentFrame): boolean {
  const { results, started, progress, partialOutputs, credit } = frame;
  const lists = results.length + started.length + progress.length + partialOutputs.length;
  const others = frame.offering ?? frame.drain ?? frame.sleep ?? frame.wake ?? frame.bye;
  return lists > 0 || credit > 0 || others !== undefined;
}
