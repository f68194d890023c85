import type { AgentFrame } from "@tutti/contracts/agent/v1";

/** The transports that workers are tried over. */
export type TransportName = "grpc" | "websocket";

/** One connection of a worker, over any transport. Messages are as they came. Frames as protobuf has them. */
export interface Wire {
  readonly metadata: Readonly<Record<string, unknown>>;
  onMessage(take: (message: Uint8Array, frame: () => AgentFrame) => void): void;
  /** The worker has nothing more to say, because it said so or because it is gone. */
  onEnd(ended: () => void): void;
  write(frame: Uint8Array): void;
  /** Gracefully. */
  end(): void;
  /** As a host that stops, a network that breaks, or a status says. */
  cut(code: number, reason: string): void;
}

/** Where workers connect to. */
export interface Door {
  /** The value of `TUTTI_ADDRESS` for the worker. */
  readonly address: string;
  /** Sizes of the content that was stored, by its hash in hexadecimal digits. */
  readonly stored: ReadonlyMap<string, number>;
  close(): void;
}
