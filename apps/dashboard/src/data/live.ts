import { after, every, nowMs } from "../effects/time.ts";
import { setConnection } from "./connection.ts";
import { queryClient } from "./query-client.ts";
import { touchedBy } from "./touched.ts";

/**
 * Keeps the page as the platform is. Events of the bus say what changed; what they touch is asked again in batches, so
 * that a thousand events cost one question. While the platform is away the page says so and keeps trying; what happened
 * meanwhile is not guessed: everything shown is asked anew.
 */

const batchMs = 300;
const retryMs = { first: 300, most: 3_000 };

let waiting = new Set<string>();
let isBatching = false;

/** Notes what an event touches, and asks again soon. */
function take(type: string, subject: string): void {
  for (const key of touchedBy(type, subject)) waiting.add(key);
  if (isBatching || waiting.size === 0) return;
  isBatching = true;
  after(batchMs, () => {
    const keys = waiting;
    waiting = new Set();
    isBatching = false;
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => keys.has(keyOf(queryKey)) });
  });
}

/** The first two words of a key name what it is about: `run r1`, `runs`. */
function keyOf(queryKey: readonly unknown[]): string {
  const [kind, id] = queryKey;
  return typeof id === "string" ? `${String(kind)} ${id}` : String(kind);
}

/** Listens until it is told to stop. */
export function listenLive(): () => void {
  let source: EventSource | undefined;
  let calledOff = () => {};
  let delayMs = retryMs.first;
  let wasAway = false;
  let stopped = false;

  const open = () => {
    source = new EventSource("/v1/events?pattern=tutti.>");
    source.onopen = () => {
      delayMs = retryMs.first;
      setConnection({ kind: "live" });
      if (wasAway) void queryClient.invalidateQueries();
      wasAway = false;
    };
    source.onmessage = ({ data }) => hear(data);
    source.onerror = () => lose();
  };
  const lose = () => {
    source?.close();
    if (stopped) return;
    wasAway = true;
    setConnection({ kind: "away", sinceMs: nowMs() });
    calledOff = after(delayMs, open);
    delayMs = Math.min(delayMs * 2, retryMs.most);
  };
  open();
  // What no event tells, such as the figures of workers, is looked at from time to time while somebody looks.
  const stopLooking = every(5_000, () => {
    if (!wasAway && document.visibilityState === "visible") take("page.beat", "");
  });
  return () => {
    stopped = true;
    stopLooking();
    calledOff();
    source?.close();
  };
}

function hear(data: unknown): void {
  if (typeof data !== "string" || data === "") return;
  const event: unknown = JSON.parse(data);
  if (typeof event !== "object" || event === null) return;
  const { type, subject } = event as { type?: unknown; subject?: unknown };
  if (typeof type === "string") take(type, typeof subject === "string" ? subject : "");
}
