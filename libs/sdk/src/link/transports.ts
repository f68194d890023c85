/** Selects the transport: a WebSocket if all addresses start with `ws://` or `wss://`, else gRPC. */
import { isWebSocket } from "../worker/addresses.ts";
import type { WorkerSettings } from "../worker/settings.ts";
import type { Transport } from "./transport.ts";

export async function transportFor({
  addresses,
  credentials,
  namespace,
}: WorkerSettings): Promise<Transport> {
  if (addresses.every(isWebSocket)) {
    const { WebSocketTransport } = await import("./web-socket-transport.ts");
    return new WebSocketTransport(credentials);
  }
  const { GrpcTransport } = await import("./grpc-transport.ts");
  return new GrpcTransport(credentials, namespace);
}
