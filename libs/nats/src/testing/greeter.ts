import { createServer, type Server, type Socket } from "node:net";

export interface Greeter extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Everything that clients sent. */
  readonly received: string;
}

/**
 * Implements just enough of the protocol to look like a NATS server of any version: greets, answers pings, ignores the
 * rest. For tests with forbidden servers.
 */
export async function startGreeter(options: {
  readonly version: string;
  readonly port?: number;
  readonly jetstream?: boolean;
}): Promise<Greeter> {
  const sockets = new Set<Socket>();
  let received = "";
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    const greeting = {
      server_id: "GREETER",
      server_name: "greeter",
      version: options.version,
      go: "go1.19",
      host: "127.0.0.1",
      port: 0,
      proto: 1,
      headers: true,
      max_payload: 1_048_576,
      jetstream: options.jetstream ?? true,
      client_id: sockets.size,
    };
    socket.write(`INFO ${JSON.stringify(greeting)}\r\n`);
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      received += text;
      for (const _ of text.matchAll(/PING\r\n/g)) socket.write("PONG\r\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    address: `127.0.0.1:${port}`,
    port,
    get received() {
      return received;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
