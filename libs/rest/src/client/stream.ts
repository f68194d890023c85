/**
 * A stream that outlives its connections.
 *
 * 1. After a break it continues from the cursor after the last yielded item: no item is missed or repeated.
 * 2. If the server no longer has the items in between, a `gap` reports it. A stream without cursors starts with a
 *    snapshot again.
 * 3. A connection that ends, fails or becomes silent is reopened, after a growing pause. Half of the pause is random,
 *    so that clients that were disconnected together do not reconnect together.
 * 4. Only a refusal that a retry would repeat ends the stream, with the problem as error.
 * 5. The next piece is read when the caller requests it. So a slow caller is a slow reader, and the server reports
 *    missed events.
 */

import { type ServerEvent, serverEvents } from "./event-lines.ts";
import type { Answer } from "./fetching.ts";
import { RestError } from "./problem-error.ts";
import { type ClientTime, pauseFor, systemTime } from "./time.ts";

export type Followed<T> =
  /** An event, or a change of the followed object. */
  | { readonly kind: "event" | "change"; readonly value: T; readonly cursor: string }
  /** A part of the current state. */
  | {
      readonly kind: "snapshot";
      readonly value: T;
      readonly cursor: string;
      /** Whether it replaces all earlier state, also from an earlier connection. */
      readonly isFirst: boolean;
      /** Whether it completes the snapshot. */
      readonly isLast: boolean;
    }
  /** A connection is open, again or for the first time. Its events follow this cursor. */
  | { readonly kind: "ready"; readonly cursor: string }
  /**
   * Missing items. Null if their number is unknown. Callers with derived state must reload it. `slow`: items
   * arrived faster than they were read. `retention`: they are no longer stored. `reset`: the server restarted.
   */
  | {
      readonly kind: "gap";
      readonly reason: string;
      readonly missed: number | null;
      readonly cursor: string;
    };

type GapItem = Pick<Extract<Followed<never>, { readonly kind: "gap" }>, "reason" | "missed">;

export type ConnectionState = "connecting" | "open" | "broken";

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** Cursor to start after. */
  readonly cursor?: string;
  /** Called when the connection is being opened, when it is open, and when it broke and is reopened. */
  readonly onConnectionChange?: (state: ConnectionState, error?: unknown) => void;
}

export interface FollowParts extends FollowOptions {
  /** Address of the server, for errors. */
  readonly address: string;
  readonly open: (cursor: string, signal: AbortSignal) => Promise<Answer>;
  readonly parse?: (text: string) => unknown;
  readonly time?: ClientTime;
}

/**
 * First pause before the client opens a stream again.
 *
 * @defaults
 */
const pauseFirstMs = 250;
/**
 * Longest pause before the client opens a stream again.
 *
 * @defaults
 */
const pauseMaxMs = 5_000;
/** A connection that lasted this long was stable: pauses restart. */
const goodAfterMs = 5_000;
/**
 * Servers write to a stream every ten seconds. The client reopens a stream that is silent for longer than this.
 *
 * @defaults
 */
const silenceMaxMs = 25_000;

export async function* followed<T>(parts: FollowParts): AsyncGenerator<Followed<T>, void, void> {
  const { signal = new AbortController().signal, onConnectionChange, time = systemTime } = parts;
  let cursor = parts.cursor ?? "";
  let failures = 0;
  while (!signal.aborted) {
    onConnectionChange?.("connecting");
    const good = time.after(goodAfterMs, () => {
      failures = 0;
    });
    let isFirst = true;
    let broken: unknown;
    try {
      for await (const event of attempt({ ...parts, time }, cursor, signal)) {
        if (event.event === "end") return;
        if (event.id !== "") cursor = event.id;
        if (event.data !== "") yield followedItem<T>(event, parts.parse ?? JSON.parse, cursor, isFirst);
        if (event.event === "snapshot") isFirst = false;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (isFinal(thrown)) throw thrown;
      broken = thrown;
    } finally {
      good.cancel();
    }
    if (signal.aborted) return;
    onConnectionChange?.("broken", broken);
    const limitMs = Math.min(pauseFirstMs * 2 ** failures++, pauseMaxMs);
    await pauseFor(time, limitMs * (0.5 + time.random() / 2), signal);
  }
}

function followedItem<T>(
  { event, data }: ServerEvent,
  parse: (text: string) => unknown,
  cursor: string,
  isFirst: boolean,
): Followed<T> {
  // The server writes values of the route's plan.
  const value = parse(data) as T & GapItem & { readonly live?: boolean };
  switch (event) {
    case "ready":
      return { kind: "ready", cursor };
    case "gap":
      return { kind: "gap", reason: value.reason, missed: value.missed, cursor };
    case "snapshot":
      return { kind: "snapshot", value, cursor, isFirst, isLast: value.live === true };
    case "change":
      return { kind: "change", value, cursor };
    default:
      return { kind: "event", value, cursor };
  }
}

async function* attempt(
  { address, open, onConnectionChange, time }: FollowParts & { readonly time: ClientTime },
  cursor: string,
  outer: AbortSignal,
): AsyncGenerator<ServerEvent, void, void> {
  const controller = new AbortController();
  const signal = AbortSignal.any([outer, controller.signal]);
  /** Silence only counts while the client reads. */
  const withinSilence = async <R>(answer: Promise<R>): Promise<R> => {
    const silence = Promise.withResolvers<never>();
    const silent = () => silence.reject(new Error(`${address} sent nothing for ${silenceMaxMs / 1_000} s`));
    const timer = time.after(silenceMaxMs, silent);
    try {
      return await Promise.race([answer, silence.promise]);
    } finally {
      timer.cancel();
    }
  };
  try {
    const { body } = await withinSilence(open(cursor, signal));
    if (body === null) return;
    onConnectionChange?.("open");
    const events = serverEvents(body);
    for (
      let next = await withinSilence(events.next());
      !next.done;
      next = await withinSilence(events.next())
    ) {
      if (next.value?.event === "problem") throw new RestError(JSON.parse(next.value.data));
      if (next.value !== undefined) yield next.value;
    }
  } finally {
    controller.abort();
  }
}

/** Returns whether a retry would have the same result. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof RestError)) return false;
  return error.retry === "never" && error.status >= 400 && error.status < 500;
}
