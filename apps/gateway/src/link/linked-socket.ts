/**
 * Carries the link of one agent over a WebSocket to the process that hosts it, message by message, in order, both
 * ways.
 *
 * 1. Messages of the agent wait here only as far as the host reads. Beyond that the socket is not read.
 * 2. Messages of the host are read only as fast as the agent reads.
 * 3. The agent is never sent to another host: the host that its link ends at relays.
 * 4. The connection ends with the stream and the stream with the connection. The link outlives both for its window.
 * 5. An agent that sends no greeting, or does not read, is disconnected.
 */
import { AgentFrame, type Hello, HostFrame, HostFrame as HostFrames } from "@tutti/contracts/agent/v1";
import {
  errorFromUnknown,
  type Foundation,
  Notifier,
  reasonOf,
  type TuttiError,
  toErrorDetail,
} from "@tutti/kernel";
import type { WebSocket } from "ws";
import { linkErrors } from "./errors.ts";

/** Opens the stream to the host for an agent with this greeting. */
export type OpenLink = (
  frames: AsyncIterable<AgentFrame>,
  hello: Hello | undefined,
  signal: AbortSignal,
) => AsyncIterable<HostFrame>;

type LinkFoundation = Pick<Foundation, "logger" | "timers">;

/** Codes of RFC 6455 by which a connection is closed. */
const closeCodes = { normal: 1000, goingAway: 1001, malformed: 1007, refused: 1008, failed: 1011 } as const;

const waitingMax = 64;
/** Bytes that may wait in the socket before the next frame of the host is read. */
const unsentBytesMax = 1024 * 1024;
/** An agent greets as soon as its socket is open. */
const greetingMs = 10_000;
/** How long an agent may read nothing from the socket while bytes wait in it. */
const stallMs = 60_000;
/** A reason has at most 123 bytes. */
const reasonMax = 120;

export class LinkedSocket {
  readonly #socket: WebSocket;
  readonly #foundation: LinkFoundation;
  readonly #requireSize: (bytes: number) => void;
  readonly #over = new AbortController();
  readonly #waiting: AgentFrame[] = [];
  readonly #bell = new Notifier();
  #isText = true;
  #isOver = false;

  /** @param requireSize throws if a frame is larger than those of the agent may be */
  constructor(socket: WebSocket, foundation: LinkFoundation, requireSize: (bytes: number) => void) {
    this.#requireSize = requireSize;
    this.#socket = socket;
    this.#foundation = foundation;
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on("close", () => this.#finish());
    socket.on("error", (error) => foundation.logger.debug("agent WebSocket failed", { error }));
  }

  /** Carries the link until it is over. */
  async run(open: OpenLink): Promise<void> {
    try {
      const first = await this.#greeting();
      if (first === undefined) return;
      for await (const frame of open(this.#frames(), first.hello, this.#over.signal)) {
        if (this.#isOver) return;
        await this.#send(frame);
      }
      this.#close(closeCodes.normal, "the host ended the stream");
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      if (!this.#isOver) this.#foundation.logger.debug("agent link broken", { error });
      const isFinal = error.retry === "never";
      this.#close(isFinal ? closeCodes.refused : closeCodes.failed, `${error.code}: ${error.message}`);
    } finally {
      this.#finish();
    }
  }

  /** Returns the first frame, which stays in the queue. Undefined if the agent left, or did not greet in time. */
  async #greeting(): Promise<AgentFrame | undefined> {
    const timer = this.#foundation.timers.after(greetingMs, () =>
      this.refuse(linkErrors.greetingLate({ waitedMs: greetingMs })),
    );
    while (this.#waiting.length === 0 && !this.#isOver) await this.#bell.notified();
    timer.cancel();
    return this.#waiting[0];
  }

  /** The process stops. The agent reconnects and resumes. */
  goAway(): void {
    this.#close(closeCodes.goingAway, linkErrors.closing().message);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#isOver) return;
    try {
      this.#requireSize(data.length);
      const { frame, isText } = readFrame(data, isBinary);
      // An agent that connects over HTTP cannot follow a redirection.
      if (frame.hello !== undefined) frame.hello.canFollow = false;
      this.#isText = isText;
      this.#waiting.push(frame);
    } catch (error) {
      this.refuse(errorFromUnknown(error));
      return;
    }
    if (this.#waiting.length >= waitingMax) this.#socket.pause();
    this.#bell.notify();
  }

  async *#frames(): AsyncGenerator<AgentFrame> {
    while (!this.#isOver) {
      const frame = this.#waiting.shift();
      if (this.#waiting.length < waitingMax / 2 && this.#socket.isPaused) this.#socket.resume();
      if (frame !== undefined) yield frame;
      else await this.#bell.notified();
    }
  }

  #send(frame: HostFrame): Promise<void> | void {
    const socket = this.#socket;
    const message = writeFrame(frame, this.#isText);
    if (socket.bufferedAmount < unsentBytesMax) {
      socket.send(message, ignore);
      return;
    }
    return new Promise((resolve) => {
      const timer = this.#foundation.timers.after(stallMs, () => socket.terminate());
      socket.send(message, () => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** The mistake is reported as the protocol has it, and in the reason of the close. */
  refuse(error: TuttiError): void {
    const answer = { $case: "refused" as const, value: { error: toErrorDetail(error) } };
    this.#socket.send(writeFrame({ ...HostFrames.create(), answer }, this.#isText), ignore);
    const { code, message } = error;
    if (code === linkErrors.frameMalformed.code) this.#close(closeCodes.malformed, message);
    else this.#close(closeCodes.refused, `${code}: ${message}`);
    this.#finish();
  }

  #close(code: number, reason: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.close(code, truncated(reason));
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over.abort();
    this.#bell.notify();
  }
}

/** The socket itself reports send errors. */
const ignore = () => {};

function truncated(reason: string): string {
  const bytes = Buffer.from(reason, "utf8");
  return bytes.length <= reasonMax
    ? reason
    : `${bytes
        .subarray(0, reasonMax - 3)
        .toString("utf8")
        .replace(/\uFFFD+$/, "")}…`;
}

/**
 * How frames travel over a WebSocket: as JSON in text messages, the form that proto3 gives to messages, or as they are in
 * binary ones. The host answers in the form in which the agent spoke last.
 */
interface ParsedFrame {
  readonly frame: AgentFrame;
  readonly isText: boolean;
}

/** Reads a message of an agent. Throws an error with the reason if it is not a frame. */
function readFrame(data: Buffer, isBinary: boolean): ParsedFrame {
  try {
    if (isBinary) return { frame: AgentFrame.decode(data), isText: false };
    const json: unknown = JSON.parse(data.toString("utf8"));
    if (typeof json !== "object" || json === null || Array.isArray(json))
      throw new TypeError("no JSON object");
    refuseUnknown(json);
    return { frame: AgentFrame.fromJSON(json), isText: true };
  } catch (error) {
    throw linkErrors.frameMalformed({ reason: reasonOf(error) });
  }
}

function writeFrame(frame: HostFrame, isText: boolean): string | Uint8Array {
  if (isText) return JSON.stringify(HostFrame.toJSON(frame));
  return HostFrame.encode(frame).finish();
}

const known = new Set(Object.keys(AgentFrame.create()).flatMap((name) => [name, snakeCase(name)]));

/** A misspelt field would be passed over, and the agent would wait for an answer to a message that was never read. */
function refuseUnknown(json: object): void {
  const unknown = Object.keys(json).find((name) => !known.has(name));
  if (unknown !== undefined) throw new TypeError(`the field ${unknown}, which a frame does not have`);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
