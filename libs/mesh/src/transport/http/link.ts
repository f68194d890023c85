/**
 * Calls services through a gateway, over HTTP: for programs that reach nothing else. One request is one call, on a
 * separate connection that is kept for the next.
 */
import { readFileSync } from "node:fs";
import { Agent, request as requestOfHttp } from "node:http";
import { Agent as AgentOfHttps, request as requestOfHttps } from "node:https";
import type { Clock, Timers } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import { meshErrors } from "../../errors.ts";
import { requireSize } from "../../interceptors/limits.ts";
import type { MeshSettings } from "../../settings.ts";
import type { Link, LinkStream } from "../link.ts";
import { decodeInTurns } from "../wire.ts";
import { HttpExchange, type HttpSite } from "./exchange.ts";
import { HttpStream } from "./stream.ts";
import { readBody } from "./wire.ts";

/** Servers close idle connections after 5 s. A call on one that is being closed would have an unknown outcome. */
const idleMs = 4_000;

/** Path below the URL of a gateway. */
const callsPath = "/v1/calls";

export interface HttpLinkParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly settings: Pick<MeshSettings, "limits" | "tls">;
  readonly credential: () => string;
}

export class HttpLink implements Link {
  readonly transport = "http";
  readonly state = "ready";
  readonly #parts: HttpLinkParts;
  readonly #site: HttpSite;

  /** @param url of a gateway */
  constructor(url: string, parts: HttpLinkParts) {
    this.#parts = parts;
    const { limits, tls } = parts.settings;
    const isEncrypted = url.startsWith("https:");
    const options = { keepAlive: true, timeout: idleMs };
    const files = tls.mode === "mutual" && {
      ca: readFileSync(tls.ca),
      cert: readFileSync(tls.cert),
      key: readFileSync(tls.key),
    };
    this.#site = {
      address: `${url.replace(/\/+$/, "")}${callsPath}`,
      agent: isEncrypted ? new AgentOfHttps({ ...options, ...files }) : new Agent(options),
      request: isEncrypted ? requestOfHttps : requestOfHttp,
      messageBytes: limits.messageBytes,
      credential: parts.credential,
    };
  }

  connect(): void {}

  close(): void {
    const { agent } = this.#site;
    // Connections in use are closed when their calls have ended.
    agent.maxFreeSockets = 0;
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
  }

  async unary(call: OutgoingCall, input: unknown): Promise<unknown> {
    const { method } = call;
    if (method.streaming) return await onlyReply(this.stream(call, input), method);
    const { messageBytes } = this.#site;
    const exchange = this.#open(call, input);
    try {
      const response = await exchange.accepted();
      const bytes = await exchange.read(() =>
        readBody(response, (size) => requireSize(method, "reply", size, messageBytes)),
      );
      return await decodeInTurns(method, "reply", bytes, messageBytes);
    } finally {
      exchange.finish();
    }
  }

  stream(call: OutgoingCall, input: unknown): LinkStream {
    const exchange = this.#open(call, input);
    const stream = new HttpStream(call.method, exchange, this.#site, this.#parts.timers);
    call.setStoppable(stream);
    return stream;
  }

  #open(call: OutgoingCall, input: unknown): HttpExchange {
    const remainingMs = call.deadlineMs - this.#parts.clock.monotonic();
    const exchange = new HttpExchange(call, input, remainingMs, this.#site);
    call.setStoppable(exchange);
    return exchange;
  }
}

/** Returns the only reply of a call whose requests are a stream. */
async function onlyReply(replies: LinkStream, method: Method): Promise<unknown> {
  const { value, done } = await replies.next();
  if (done) throw meshErrors.malformedReply({ rpc: method.label, reason: "no message" });
  await replies.next();
  return value;
}
