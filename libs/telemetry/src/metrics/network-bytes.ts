/**
 * Bytes that the sockets of this process receive and send: of servers and clients, with and without TLS. Node reports
 * each socket as it opens, so callers need no code for the count. Sockets of worker threads are not counted.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";

const channels = ["net.server.socket", "net.client.socket"] as const;

export class NetworkBytes {
  readonly #open = new Set<Socket>();
  /** Bytes received by closed sockets. */
  #received = 0;
  #sent = 0;

  start(): void {
    for (const channel of channels) subscribe(channel, this.#opened);
  }

  stop(): void {
    for (const channel of channels) unsubscribe(channel, this.#opened);
    this.#open.clear();
  }

  /** Returns the bytes since the start. Costs a read of each open socket. */
  read(): { readonly received: number; readonly sent: number } {
    let [received, sent] = [this.#received, this.#sent];
    for (const socket of this.#open) {
      received += socket.bytesRead;
      sent += socket.bytesWritten;
    }
    return { received, sent };
  }

  readonly #opened = (message: unknown): void => {
    const socket = typeof message === "object" && message !== null && "socket" in message && message.socket;
    if (!(socket instanceof Socket)) return;
    this.#open.add(socket);
    socket.once("close", () => {
      if (!this.#open.delete(socket)) return;
      this.#received += socket.bytesRead;
      this.#sent += socket.bytesWritten;
    });
  };
}
