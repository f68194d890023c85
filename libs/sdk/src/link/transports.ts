/** Which transport goes to an address: a WebSocket to one that begins with `ws://` or `wss://`, else gRPC. */
import type { WorkerSettings } from "../worker/settings.ts";
import type { Transport } from "./transport.ts";

export function isWebSocket(address: string): boolean {
  return /^wss?:\/\//.test(address);
}

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
