/** A stream of replies that outlives its connections. */
import { serverEvents } from "./event-lines.ts";
import { RestError } from "./problem-error.ts";

export interface Followed<T> {
  readonly value: T;
  /** Where to go on after it. */
  readonly cursor: string;
}

export type Standing = "connecting" | "open" | "broken";

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** Where to begin: after this cursor. */
  readonly cursor?: string;
  /** Told when the connection is there, and when it is not and is tried again. */
  readonly onStanding?: (standing: Standing, error?: unknown) => void;
}

export interface FollowParts extends FollowOptions {
  readonly open: (cursor: string, signal: AbortSignal) => Promise<Response>;
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
      for await (const event of attempt(parts, cursor, signal)) {
        if (event === "open") {
          onStanding?.("open");
          continue;
        }
        waitMs = firstPauseMs;
        if (event.event === "end") return;
        if (event.id !== "") cursor = event.id;
        // The server writes what the route's plan says.
        if (event.event !== "alive") yield { value: JSON.parse(event.data) as T, cursor };
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (isFinal(thrown)) throw thrown;
      broken = thrown;
    }
    if (signal.aborted) return;
    onStanding?.("broken", broken);
    await pause(waitMs, signal).catch(() => {});
    waitMs = Math.min(waitMs * 2, pauseMaxMs);
  }
}

async function* attempt({ open }: FollowParts, cursor: string, outer: AbortSignal) {
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
    yield "open" as const;
    for await (const event of serverEvents(body)) {
      alive();
      if (event?.event === "problem") throw problemOf(event.data);
      if (event !== undefined) yield event;
    }
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

/** An error in mid-stream: the status of the answer was sent long before. */
function problemOf(data: string): RestError {
  return new RestError(JSON.parse(data));
}

/** Asking again would be answered the same. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof RestError)) return false;
  return error.retry === "never" && error.status >= 400 && error.status < 500 && error.status !== 429;
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
