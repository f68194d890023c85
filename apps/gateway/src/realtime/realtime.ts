/**
 * Streams over HTTP: events of the bus, by server-sent events or WebSocket, and the replies of any server-streaming
 * rpc. Access is decided before.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Bus } from "@tutti/bus";
import { type Component, type Foundation, type Health, healthy } from "@tutti/kernel";
import type { RuleChanges } from "@tutti/mesh";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../access/access.ts";
import { callerIn } from "../front/context.ts";
import type { RealtimeSettings } from "./configuration.ts";
import { EventFeed } from "./events/event-feed.ts";
import { eventQueryOf } from "./events/event-query.ts";
import { sseFormat } from "./events/format.ts";
import { type ConnectionKind, realtimeInstruments } from "./instruments.ts";
import { Connections } from "./outflow/connections.ts";
import type { Outflow } from "./outflow/outflow.ts";
import { SsePipe } from "./outflow/sse-pipe.ts";
import { ReplyFeed, type ReplyJson } from "./reply-feed.ts";
import type { RequireAllowed } from "./require-allowed.ts";
import { WebSocketEndpoint } from "./web-socket/web-socket-endpoint.ts";

export interface RealtimeParts {
  readonly bus: Pick<Bus, "subscribe" | "tail">;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger" | "metrics">;
  readonly settings: RealtimeSettings;
  readonly requireAllowed: RequireAllowed;
  /** Throws if the caller's credential is no longer valid. */
  readonly requireOngoing?: (caller: Caller) => void;
  /** Reports that policies have changed: the rights of open streams are checked again. */
  readonly changes?: RuleChanges | undefined;
}

/** Replies to be followed. */
export interface FollowedReplies {
  /** True if the stream reports when it is `live`: the part before is a snapshot that replaces all former state. */
  readonly hasSnapshot: boolean;
  /** Makes the call: from a cursor on, empty for the beginning, until it is aborted. */
  open(from: { readonly cursor: string; readonly signal: AbortSignal }): AsyncIterable<ReplyJson>;
}

export class Realtime implements Component {
  readonly #parts: RealtimeParts;
  readonly #connections: Connections;
  readonly #webSockets: WebSocketEndpoint;

  constructor(parts: RealtimeParts) {
    const { foundation, settings, requireAllowed } = parts;
    const { clock, timers, metrics, logger } = foundation;
    this.#parts = parts;
    const instruments = realtimeInstruments(metrics);
    this.#connections = new Connections({ settings, clock, timers, instruments });
    parts.changes?.onRulesChanged(() => this.#connections.review());
    instruments.observeWaiting(() => this.#connections.bytes);
    this.#webSockets = new WebSocketEndpoint({
      connections: this.#connections,
      feed: this.#feed,
      logger,
      requireAllowed,
    });
  }

  /** Answers `GET …/events`: registered under the prefix of the API. */
  readonly plugin = async (app: FastifyInstance): Promise<void> => {
    app.get("/events", (request, reply) => this.followEvents(request, reply));
  };

  async followEvents(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.#connections.admit(async () => {
      const { searchParams } = new URL(request.url, "http://gateway");
      const eventQuery = eventQueryOf(searchParams, lastEventIdOf(request));
      const caller = callerIn(request);
      const requireAllowed = () => this.#parts.requireAllowed(caller, eventQuery.namespace);
      requireAllowed();
      const feed = await EventFeed.open(this.#feed, eventQuery);
      feed.start({ outflow: this.#open("events", reply, requireAllowed), format: sseFormat });
    });
  }

  /** Responds with the replies of a stream. Throws if the stream fails before the first reply. */
  async followReplies(request: FastifyRequest, reply: FastifyReply, replies: FollowedReplies): Promise<void> {
    const [feed, outflow] = await this.#connections.admit(() => this.#openReplies(request, reply, replies));
    await feed.deliver(outflow);
  }

  async #openReplies(request: FastifyRequest, reply: FastifyReply, replies: FollowedReplies) {
    const caller = callerIn(request);
    const over = new AbortController();
    const disconnect = () => over.abort();
    // The close of the response: a request with a body closes as soon as its body was read.
    reply.raw.once("close", disconnect);
    const { searchParams } = new URL(request.url, "http://gateway");
    const cursor = lastEventIdOf(request) ?? searchParams.get("cursor") ?? "";
    const { hasSnapshot } = replies;
    const opened = replies.open({ cursor, signal: over.signal });
    const isResumed = cursor !== "";
    const feed = await ReplyFeed.open(opened, {
      hasSnapshot,
      isResumed,
      timers: this.#parts.foundation.timers,
    });
    const outflow = this.#open("replies", reply, () => this.#parts.requireOngoing?.(caller));
    outflow.signal.addEventListener("abort", disconnect, { once: true });
    if (outflow.signal.aborted) disconnect();
    return [feed, outflow] as const;
  }

  /** Handles an upgrade to WebSocket at the address of the events. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller): void {
    this.#webSockets.upgrade(request, socket, head, caller);
  }

  /** Ends all streams. Readers reconnect with their cursors. */
  drain(): void {
    this.#connections.close();
  }

  stop(): void {
    this.#connections.stop();
  }

  health(): Health {
    const { size: connections, bytes } = this.#connections;
    return { ...healthy, details: { connections, bytes } };
  }

  get #feed() {
    const { bus, settings } = this.#parts;
    return { bus, bufferEventsMax: settings.bufferEventsMax };
  }

  #open(kind: ConnectionKind, reply: FastifyReply, requireAllowed: () => void): Outflow {
    reply.hijack();
    const response: ServerResponse = reply.raw;
    const headers = Object.fromEntries(
      Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      ),
    );
    const outflow = this.#connections.open(kind, new SsePipe(response, headers), {
      requireAllowed,
      problem: sseFormat.problem,
    });
    response.once("close", () => outflow.destroy("left"));
    // If the client disconnected meanwhile, the response does not emit `close` any more.
    if (response.destroyed || response.closed) outflow.destroy("left");
    return outflow;
  }
}

/** Cursor that a browser's `EventSource`, and our own client, send when they reconnect. */
function lastEventIdOf({ headers }: FastifyRequest): string | undefined {
  const value = headers["last-event-id"];
  return typeof value === "string" && value !== "" ? value : undefined;
}
