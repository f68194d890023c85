import { once } from "node:events";
import { WebSocket } from "ws";

/** Subscribes over a WebSocket and keeps the messages. */
export class Listener implements AsyncDisposable {
  // biome-ignore lint/suspicious/noExplicitAny: the tests read the parsed data
  readonly messages: any[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  static async open(url: string): Promise<Listener> {
    const listener = new Listener(new WebSocket(url.replace(/^http/, "ws")));
    await once(listener.#socket, "open");
    return listener;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) =>
      socket.once("close", (code, reason) => resolve({ code, reason: String(reason) })),
    );
    socket.on("message", (data) => {
      this.messages.push(JSON.parse(String(data)));
      for (const check of this.#waiting) check();
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  of(kind: string): any[] {
    return this.messages.filter((message) => message.kind === kind);
  }

  count(kind: string, count: number): Promise<void> {
    return this.until(() => this.of(kind).length >= count);
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }
}
