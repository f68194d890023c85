/**
 * A stream that outlives its connections.
 *
 * 1. After a break it goes on from the cursor after what was handed out: nothing is missed, nothing comes twice.
 * 2. Where that cannot be, because the server no longer has what lies between, a `gap` says so.
 * 3. A refusal that the same request would meet again ends it, with the problem as error.
 */
import { serverEvents } from "./event-lines.ts";
import { RestError } from "./problem-error.ts";

export type Followed<T> =
  /** An event, or a change of what is followed. */
  | { readonly kind: "event" | "change"; readonly value: T; readonly cursor: string }
  /** A part of what is followed, as it is: the first after a connection replaces all that was known. */
  | { readonly kind: "snapshot"; readonly value: T; readonly cursor: string }
  /** What comes, comes after this cursor. */
  | { readonly kind: "ready"; readonly cursor: string }
  /** Something will not come; null where nobody knows how much. */
  | {
      readonly kind: "gap";
      readonly reason: string;
      readonly missed: number | null;
      readonly cursor: string;
    };

export type Standing = "connecting" | "open" | "broken";

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** Where to begin: after this cursor. */
  readonly cursor?: string;
  /** Told when the connection is being made, when it is there, and when it broke and is made again. */
  readonly onStanding?: (standing: Standing, error?: unknown) => void;
}

export interface FollowParts extends FollowOptions {
  readonly open: (cursor: string, signal: AbortSignal) => Promise<Response>;
  /** How it is waited before another attempt. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const firstPauseMs = 250;
const pauseMaxMs = 5_000;
/** Servers say something every few seconds; one that does not is gone without a word. */
const silenceMaxMs = 30_000;

export async function* followed<T>(parts: FollowParts): AsyncGenerator<Followed<T>, void, void> {
  const { signal = new AbortController().signal, onStanding, pause = pauseFor } = parts;
  let cursor = parts.cursor ?? "";
  let waitMs = firstPauseMs;
  while (!signal.aborted) {
    onStanding?.("connecting");
    let broken: unknown;
    try {
      for await (const { event, data, id } of attempt(parts, cursor, signal)) {
        waitMs = firstPauseMs;
        if (event === "end") return;
        if (id !== "") cursor = id;
        if (data !== "") yield toldOf<T>(event, data, cursor);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (isFinal(thrown)) throw thrown;
      broken = thrown;
    }
    if (signal.aborted) return;
    onStanding?.("broken", broken);
    await pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, pauseMaxMs);
  }
}

function toldOf<T>(event: string, data: string, cursor: string): Followed<T> {
  // The server writes what the route's plan says.
  const value = JSON.parse(data);
  switch (event) {
    case "ready":
      return { kind: "ready", cursor };
    case "gap":
      return { kind: "gap", reason: value.reason, missed: value.missed, cursor };
    case "snapshot":
    case "change":
      return { kind: event, value, cursor };
    default:
      return { kind: "event", value, cursor };
  }
}

async function* attempt({ open, onStanding }: FollowParts, cursor: string, outer: AbortSignal) {
  const controller = new AbortController();
  const signal = AbortSignal.any([outer, controller.signal]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error("nothing was heard for a while")), silenceMaxMs);
  };
  try {
    alive();
    const { body } = await open(cursor, signal);
    if (body === null) return;
    onStanding?.("open");
    for await (const event of serverEvents(body)) {
      alive();
      if (event?.event === "problem") throw new RestError(JSON.parse(event.data));
      if (event !== undefined) yield event;
    }
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** Asking again would be answered the same. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof RestError)) return false;
  return error.retry === "never" && error.status >= 400 && error.status < 500;
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
