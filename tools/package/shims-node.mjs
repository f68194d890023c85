// The WebSocket of the SDK in Node, put into the bundle like the shims.

import { WebSocket as WebSocketOfPackage } from "ws";

/** Node's own sends no headers before Node 22, and a worker's key is in one. */
export const $WebSocket = globalThis.WebSocket ?? WebSocketOfPackage;
