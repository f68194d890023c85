/** The messages of the owner of a pool to a host, joined to as few replies as their size allows. */
import { type Bye, HostFrame, type Welcome } from "@tutti/contracts/agent/v1";
import { type LinkRefused, RelayReply, type RelayWelcome } from "@tutti/contracts/swarm/v1";
import type { NotOwner } from "@tutti/contracts/types/v1";
import { declareWeight } from "@tutti/mesh";
import { weightOfHostFrame } from "../../weights.ts";
import { piecesOfHostFrame } from "./pieces.ts";

/** Size at which another reply is started: another piece of a frame always fits. */
const fullBytes = 1_048_576;
const emptyBytes = 256;

interface Counted {
  readonly reply: RelayReply;
  bytes: number;
}

export class RelayReplies {
  readonly #replies: Counted[] = [];

  welcome(welcome: RelayWelcome): void {
    this.#room(256).welcome = welcome;
  }

  /** Queues the answer to the greeting of an agent. */
  addWelcome(link: number, welcome: Welcome): void {
    const frame = { ...HostFrame.create(), answer: { $case: "welcome" as const, value: welcome } };
    const names = Object.keys(welcome.capabilityNumbers?.numbers ?? {});
    const bytes =
      1_024 + 32 * welcome.unwanted.length + names.reduce((sum, name) => sum + 16 + 3 * name.length, 0);
    this.#room(bytes).frames.push({ link, frame });
  }

  refused(refused: LinkRefused, bytes: number): void {
    this.#room(bytes).refused.push(refused);
  }

  moved(owner: NotOwner): void {
    this.#room(1_024).moved = owner;
  }

  /** Copies the contents of a frame, which its pool reuses. */
  add(link: number, frame: HostFrame): void {
    for (const piece of piecesOfHostFrame(ownFrame(frame), fullBytes))
      this.#room(weightOfHostFrame(piece)).frames.push({ link, frame: piece });
  }

  bye(link: number, bye: Bye): void {
    this.#room(64 + 3 * bye.reason.length).frames.push({ link, frame: { ...HostFrame.create(), bye } });
  }

  /** Queues an empty reply if there are no contents. */
  keepAlive(): void {
    if (this.#replies.length === 0) this.#room(0);
  }

  /** Returns the oldest reply. */
  shift(): RelayReply | undefined {
    const oldest = this.#replies.shift();
    return oldest && declareWeight(oldest.reply, oldest.bytes);
  }

  #room(bytes: number): RelayReply {
    const last = this.#replies.at(-1);
    if (last !== undefined && (last.bytes + bytes <= fullBytes || last.bytes === emptyBytes)) {
      last.bytes += bytes;
      return last.reply;
    }
    const reply = RelayReply.create();
    this.#replies.push({ reply, bytes: emptyBytes + bytes });
    return reply;
  }
}

/** Returns a frame that owns its lists. Empty lists of the pool are reused. */
function ownFrame(frame: HostFrame): HostFrame {
  return {
    ...frame,
    assignments: own(frame.assignments),
    resultsDurableBeyond: own(frame.resultsDurableBeyond),
    cancels: own(frame.cancels),
    extensions: own(frame.extensions),
  };
}

function own<T>(list: T[]): T[] {
  return list.length > 0 ? list : [];
}
