/** A connection to a port that can drop one direction: requests still arrive, but no replies. */
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";

const host = "127.0.0.1";

export class OneWay implements AsyncDisposable {
  readonly #server: Server;
  isSilent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param address target of the connection, also after another process listens there */
  static async to(address: string): Promise<OneWay> {
    const target = Number(address.slice(address.lastIndexOf(":") + 1));
    const line = new OneWay(createServer());
    line.#server.on("connection", (client) => {
      const upstream = connect(target, host);
      client.pipe(upstream);
      upstream.on("data", (bytes) => line.isSilent || client.write(bytes));
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        socket.on("error", () => {}).once("close", () => other.destroy());
    });
    line.#server.listen(0, host);
    await once(line.#server, "listening");
    return line;
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the line listens at no port");
    return `${host}:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}
