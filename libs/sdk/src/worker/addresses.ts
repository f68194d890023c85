/** Returns whether the address is a WebSocket, not gRPC. */
export function isWebSocket(address: string): boolean {
  return /^wss?:\/\//.test(address);
}
