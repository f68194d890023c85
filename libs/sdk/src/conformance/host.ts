/** A real gRPC server on a free port of this machine to which the worker under test connects. What it answers, a rule says. */
import { Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { AgentFrame, agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import { systemClock } from "@tutti/kernel";
import type { Changes } from "./changes.ts";

type Wire = ServerDuplexStream<Uint8Array, Uint8Array>;

/** A frame as it came. */
export interface Arrival {
  readonly bytes: Uint8Array;
  readonly frame: AgentFrame;
  readonly atMs: number;
}

/** One stream of the worker: what came over it, in order. */
export class WorkerStream {
  readonly arrivals: Arrival[] = [];
  readonly openedAtMs = systemClock.monotonic();
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly #wire: Wire;
  readonly #changes: Changes;
  /** Bytes that were no frame. */
  malformed = "";
  /** Whether the worker has nothing more to say, because it said so or because it is gone. */
  isEnded = false;
  isCut = false;
  onFrame: ((arrival: Arrival) => void) | undefined;

  constructor(wire: Wire, changes: Changes) {
    this.#wire = wire;
    this.#changes = changes;
    this.metadata = wire.metadata.getMap();
    wire.on("data", (bytes) => this.#take(bytes));
    const end = () => {
      this.isEnded = true;
      changes.happened();
    };
    wire.on("end", end);
    wire.on("cancelled", end);
    wire.on("error", end);
    wire.on("close", end);
  }

  write(frame: HostFrame): Uint8Array {
    const bytes = HostFrame.encode(frame).finish();
    this.writeBytes(bytes);
    return bytes;
  }

  writeBytes(bytes: Uint8Array): void {
    if (!this.isCut && !this.#wire.cancelled) this.#wire.write(bytes);
  }

  /** Ends it in good order. */
  end(): void {
    this.isCut = true;
    this.#wire.end();
  }

  /** Ends it as a host that stops or a network that breaks would. */
  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.#wire.emit("error", { code: status.UNAVAILABLE, details: "cut by the conformance program" });
  }

  #take(bytes: Uint8Array): void {
    try {
      const arrival = {
        bytes: Uint8Array.from(bytes),
        frame: AgentFrame.decode(bytes),
        atMs: systemClock.monotonic(),
      };
      this.arrivals.push(arrival);
      this.onFrame?.(arrival);
    } catch (error) {
      this.malformed = String(error);
    }
    this.#changes.happened();
  }
}

export class ConformanceHost {
  readonly #server: Server;
  readonly #changes: Changes;
  readonly streams: WorkerStream[] = [];
  #address = "";
  /** While it is set, every new stream is ended at once with this status. */
  turnAway: number | undefined;

  constructor(changes: Changes) {
    this.#changes = changes;
    this.#server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
    this.#server.addService({ link }, { link: (wire: Wire) => this.#accept(wire) });
  }

  get address(): string {
    return this.#address;
  }

  async open(): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.#address = `127.0.0.1:${port}`;
  }

  close(): void {
    for (const stream of this.streams) stream.cut();
    this.#server.forceShutdown();
  }

  #accept(wire: Wire): void {
    const stream = new WorkerStream(wire, this.#changes);
    this.streams.push(stream);
    if (this.turnAway !== undefined) {
      stream.isCut = true;
      wire.emit("error", { code: this.turnAway, details: "turned away by the conformance program" });
    }
    this.#changes.happened();
  }
}

const link = {
  path: agentLinkService.methods.link.path,
  requestStream: true,
  responseStream: true,
  requestSerialize: bufferOf,
  requestDeserialize: (bytes: Buffer): Uint8Array => bytes,
  responseSerialize: bufferOf,
  responseDeserialize: (bytes: Buffer): Uint8Array => bytes,
} as const;

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
