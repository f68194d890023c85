/** Returns whether a host is reached over a WebSocket there, and not over gRPC. */
export function isWebSocket(address: string): boolean {
  return /^wss?:\/\//.test(address);
}
