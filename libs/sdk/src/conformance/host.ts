/** A real server on a free port of this machine, for the worker under test. The current rule decides its answers. */
import { status } from "@grpc/grpc-js";
import { type AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { systemClock } from "@tutti/kernel";
import type { Changes } from "./changes.ts";
import type { TransportName, Wire, WorkerEndpoint } from "./endpoints/endpoint.ts";
import { openGrpcEndpoint } from "./endpoints/grpc.ts";
import { openWebSocketEndpoint } from "./endpoints/web-socket.ts";

/** A frame as it arrived. */
export interface Arrival {
  readonly bytes: Uint8Array;
  readonly frame: AgentFrame;
  readonly atMs: number;
}

/** One stream of the worker, with its frames in order of arrival. */
export class WorkerStream {
  readonly arrivals: Arrival[] = [];
  readonly openedAtMs = systemClock.monotonic();
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly #wire: Wire;
  readonly #changes: Changes;
  /** Problem of bytes that were not a frame. */
  malformed = "";
  /** True if the worker's side has ended, gracefully or by disconnection. */
  isEnded = false;
  isDisconnected = false;
  onFrame: ((arrival: Arrival) => void) | undefined;

  constructor(wire: Wire, changes: Changes) {
    this.#wire = wire;
    this.#changes = changes;
    this.metadata = wire.metadata;
    wire.onMessage((message, frame) => this.#receive(message, frame));
    wire.onEnd(() => {
      this.isEnded = true;
      changes.happened();
    });
  }

  write(frame: HostFrame): Uint8Array {
    const bytes = HostFrame.encode(frame).finish();
    this.writeBytes(bytes);
    return bytes;
  }

  writeBytes(bytes: Uint8Array): void {
    if (!this.isDisconnected) this.#wire.write(bytes);
  }

  /** Ends the stream gracefully. */
  finish(): void {
    this.isDisconnected = true;
    this.#wire.end();
  }

  /** Breaks the stream, as a stopping host or a network failure does. */
  disconnect(): void {
    if (this.isDisconnected) return;
    this.isDisconnected = true;
    this.#wire.disconnect(status.UNAVAILABLE, "cut by the conformance program");
  }

  #receive(message: Uint8Array, frame: () => AgentFrame): void {
    try {
      const arrival = { bytes: Uint8Array.from(message), frame: frame(), atMs: systemClock.monotonic() };
      this.arrivals.push(arrival);
      this.onFrame?.(arrival);
    } catch (error) {
      this.malformed = String(error);
    }
    this.#changes.happened();
  }
}

export class ConformanceHost {
  readonly #changes: Changes;
  readonly #transport: TransportName;
  readonly streams: WorkerStream[] = [];
  #endpoint: WorkerEndpoint | undefined;
  /** While it is set, every new stream is ended at once with this status. */
  rejectStatus: number | undefined;

  constructor(changes: Changes, transport: TransportName) {
    this.#changes = changes;
    this.#transport = transport;
  }

  get address(): string {
    return this.#endpoint?.address ?? "";
  }

  /** Sizes of stored content, by its hash in hexadecimal digits. */
  get stored(): ReadonlyMap<string, number> {
    return this.#endpoint?.stored ?? new Map();
  }

  async open(): Promise<void> {
    const open = this.#transport === "grpc" ? openGrpcEndpoint : openWebSocketEndpoint;
    this.#endpoint = await open((wire) => this.#accept(wire));
  }

  close(): void {
    for (const stream of this.streams) stream.disconnect();
    this.#endpoint?.close();
  }

  #accept(wire: Wire): void {
    const stream = new WorkerStream(wire, this.#changes);
    this.streams.push(stream);
    if (this.rejectStatus !== undefined) {
      stream.isDisconnected = true;
      wire.disconnect(this.rejectStatus, "turned away by the conformance program");
    }
    this.#changes.happened();
  }
}
