/** The messages of a relay to an owner, joined to as few requests as their size allows. */
import type { AgentFrame } from "@tutti/contracts/agent/v1";
import { AgentTurnedAway, type LinkClosed, type LinkOpened, RelayRequest } from "@tutti/contracts/swarm/v1";
import { declareWeight } from "@tutti/mesh";
import { weightOfAgentFrame } from "../../weights.ts";
import { piecesOfAgentFrame } from "./pieces.ts";

/** Size at which another request is started: another piece of a frame always fits. */
const fullBytes = 1_048_576;

interface Counted {
  readonly request: RelayRequest;
  bytes: number;
}

/**
 * 1. Contents of one link keep their order. Within a request, links are opened first and closed last: contents that
 *    would break this order go into the next request.
 */
export class RelayOutbox {
  #requests: Counted[] = [];

  clear(): void {
    this.#requests = [];
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  opened(opened: LinkOpened, bytes: number): void {
    const last = this.#requests.at(-1)?.request;
    const isLater = last !== undefined && last.frames.length + last.closed.length > 0;
    this.#room(bytes, isLater).opened.push(opened);
  }

  send(link: number, frame: AgentFrame): void {
    const last = this.#requests.at(-1)?.request;
    const isLater = last !== undefined && last.closed.length > 0;
    for (const piece of piecesOfAgentFrame(frame, fullBytes))
      this.#room(weightOfAgentFrame(piece), isLater).frames.push({ link, frame: piece });
  }

  closed(closed: LinkClosed): void {
    this.#room(64 + 3 * closed.reason.length).closed.push(closed);
  }

  refused(agent: AgentTurnedAway): void {
    this.#room(AgentTurnedAway.encode(agent).finish().length).turnedAway.push(agent);
  }

  announced(): void {
    this.#room(0).announced = true;
  }

  keepAlive(): void {
    if (this.isEmpty) this.#room(0);
  }

  /** Returns the oldest request. */
  shift(): RelayRequest | undefined {
    const oldest = this.#requests.shift();
    return oldest && declareWeight(oldest.request, oldest.bytes);
  }

  #room(bytes: number, isLater = false): RelayRequest {
    const last = this.#requests.at(-1);
    const isFull = last !== undefined && last.bytes + bytes > fullBytes && last.bytes > emptyBytes;
    if (last !== undefined && !isFull && !isLater) {
      last.bytes += bytes;
      return last.request;
    }
    const request = RelayRequest.create();
    this.#requests.push({ request, bytes: emptyBytes + bytes });
    return request;
  }
}

const emptyBytes = 64;
