import type { AgentFrame } from "@tutti/contracts/agent/v1";

/** The transports over which workers are tested. */
export type TransportName = "grpc" | "websocket";

/** One connection of a worker, over any transport. Frames are protobuf bytes. */
export interface Wire {
  readonly metadata: Readonly<Record<string, unknown>>;
  onMessage(receive: (message: Uint8Array, frame: () => AgentFrame) => void): void;
  /** Registers a listener for the end of the worker's stream, graceful or by disconnection. */
  onEnd(ended: () => void): void;
  write(frame: Uint8Array): void;
  /** Ends the connection gracefully. */
  end(): void;
  /** Breaks the connection with a status, as a stopping host or a network failure does. */
  disconnect(code: number, reason: string): void;
}

/** A server that workers connect to. */
export interface WorkerEndpoint {
  /** The value of `TUTTI_ADDRESS` for the worker. */
  readonly address: string;
  /** Sizes of stored content, by its hash in hexadecimal digits. */
  readonly stored: ReadonlyMap<string, number>;
  close(): void;
}
