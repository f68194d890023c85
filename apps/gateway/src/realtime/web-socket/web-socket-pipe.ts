import type { WebSocket } from "ws";
import type { Pipe } from "../outflow/pipe.ts";
import { messageOf } from "./messages.ts";

/** Codes of RFC 6455 by which a connection is closed. */
const goingAway = 1001;

export class WebSocketPipe implements Pipe {
  readonly heartbeat = messageOf({ kind: "alive" });
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  write(frames: readonly Uint8Array[], taken: () => void): void {
    const last = frames.length - 1;
    for (const [index, frame] of frames.entries()) {
      this.#socket.send(frame, { binary: false }, (error) => {
        if (index === last && !error) taken();
      });
    }
  }

  end(): void {
    this.#socket.close(goingAway, "come again with the last cursor");
  }

  cut(): void {
    this.#socket.terminate();
  }
}
