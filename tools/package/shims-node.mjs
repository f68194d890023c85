// The WebSocket of the SDK in Node, injected into the bundle like the shims.

import { WebSocket as WebSocketOfPackage } from "ws";

/** Before Node 22, Node's WebSocket sends no headers, but a header has the worker's key. */
export const $WebSocket = globalThis.WebSocket ?? WebSocketOfPackage;
