import { Client, type Standing } from "@tutti/rest/client";
import { currentNamespace } from "../effects/namespace.ts";
import { after, every, nowMs } from "../effects/time.ts";
import { setConnection } from "./connection.ts";
import { pathIn } from "./in-namespace.ts";
import { queryClient } from "./query-client.ts";
import { refreshRunLists, trimRunLists } from "./run-lists.ts";

/**
 * Keeps the page as the platform is. Events of the bus say what changed. What they touch is asked again in batches, so
 * that a thousand events cost one question. While the platform is away the page says so and the client keeps trying,
 * from the cursor after what was heard. Then all that is shown is asked again, so that nothing is missed or guessed.
 */

/** What events touch is asked again so long after the first of them. */
const gatherMs = 300;
const lookMs = 5_000;
const hiddenMs = 20_000;
const withoutEvents: ReadonlySet<string> = new Set([
  ...["agents", "components", "inboxes", "pools", "resources", "series", "status"],
  ...["decisions", "findings", "keys", "tokens", "sign-ins", "lockouts"],
]);

/** Calls and streams of the page. The cookie goes along by itself. */
export const client = new Client({ fetch: (url, init) => fetch(pathIn(currentNamespace(), url), init) });

let touchedKeys = new Set<string>();

/** Notes what an event touches, and asks again, in batches. */
function take(type: string, subject: string): void {
  const touched = touchedBy(type, subject);
  if (touched.length === 0) return;
  const isFirst = touchedKeys.size === 0;
  for (const key of touched) touchedKeys.add(key);
  if (!isFirst) return;
  after(gatherMs, () => {
    const keys = touchedKeys;
    touchedKeys = new Set();
    askAgain(keys);
  });
}

function askAgain(keys: ReadonlySet<string>): void {
  void queryClient.invalidateQueries({ predicate: ({ queryKey }) => keys.has(keyOf(queryKey)) });
  const runIds = [...keys].filter((key) => key.startsWith("run ")).map((key) => key.slice("run ".length));
  if (runIds.length > 0) void refreshRunLists(runIds);
}

/** Asks for everything that is shown again: after what was missed, nothing that is known can be relied on. */
function askAnew(): void {
  trimRunLists();
  void queryClient.invalidateQueries();
}

/** What was answered before the stream was there may have changed before it was: it is asked for once more. */
function askOnceMore(): void {
  const openedMs = nowMs();
  after(gatherMs, () => {
    void queryClient.invalidateQueries({
      predicate: ({ queryKey, state }) => queryKey[0] !== "who" && state.dataUpdatedAt < openedMs,
    });
  });
}

/**
 * Listens until it is asked to stop. A hidden page closes its stream after a while, because a browser has few
 * connections to share among all its pages. Looked at again, it asks again.
 */
export function listenLive(): () => void {
  let stop = new AbortController();
  let callOff = () => {};
  void follow(stop.signal);
  const look = () => {
    callOff();
    if (document.visibilityState === "hidden") {
      callOff = after(hiddenMs, () => stop.abort());
    } else if (stop.signal.aborted) {
      stop = new AbortController();
      void follow(stop.signal, true);
    }
  };
  document.addEventListener("visibilitychange", look);
  // What no event tells, such as the numbers of workers, is looked at from time to time while the page is visible.
  const stopLooking = every(lookMs, () => {
    if (document.visibilityState === "visible") askAgain(withoutEvents);
  });
  return () => {
    document.removeEventListener("visibilitychange", look);
    callOff();
    stop.abort();
    stopLooking();
  };
}

async function follow(signal: AbortSignal, wasLooking = false): Promise<void> {
  let wasAway = wasLooking;
  let isFirst = true;
  const onStanding = (standing: Standing) => {
    if (standing === "broken") {
      wasAway = true;
      setConnection({ kind: "away", sinceMs: nowMs() });
    } else if (standing === "open") {
      setConnection({ kind: "live" });
      if (wasAway) askAnew();
      else if (isFirst) askOnceMore();
      wasAway = false;
      isFirst = false;
    }
  };
  try {
    for await (const message of client.events(">", "", { signal, onStanding })) {
      if (message.kind === "gap") askAnew();
      else if (message.kind === "event") take(message.value.type, message.value.subject ?? "");
    }
  } catch {
    // A refusal, such as a sign-in that ran out. The next request gets the answer, and leads to the sign-in.
    if (!signal.aborted) void queryClient.invalidateQueries({ queryKey: ["who"] });
  }
}

/**
 * What an event of the bus touches of what the page shows, as the first words of keys. An event that touches nothing
 * that is shown costs nothing: only shown queries are asked again.
 */
export function touchedBy(type: string, subject: string): readonly string[] {
  const [, area, thing] = type.split(".");
  if (area === "workflow" && thing === "run")
    return ["runs", "counts", "schedules", "triggers", "objects", ...aboutRun(subject)];
  if (area === "workflow" && thing === "task") return aboutRun(subject);
  if (area === "swarm" && thing === "approval") return ["approvals", "missions", ...aboutMission(subject)];
  if (area === "swarm" && (thing === "mission" || thing === "task"))
    return ["missions", "agents", "pools", ...aboutMission(subject)];
  if (area === "swarm" && (thing === "vote" || thing === "budget")) return aboutMission(subject);
  if (thing === "approval") return ["approvals", "runs", "counts", ...aboutRun(subject)];
  if (area === "session") return ["sessions"];
  if (area === "workflow" && thing === "definition") return ["workflows", "workflow"];
  if (area === "workflow" && thing === "schedule") return ["schedules", `schedule ${idIn(subject)}`];
  if (area === "workflow" && thing === "trigger") return ["triggers"];
  if (area === "intelligence" && thing === "recommendation") return ["advice"];
  if (area === "intelligence" && thing === "model") return ["models"];
  if (area === "insight" && thing === "alert") return ["alerts", "incidents"];
  if (area === "swarm") return ["agents", "pools"];
  if (area === "platform" || area === "registry" || area === "runtime") return ["status"];
  return [];
}

const aboutRun = (subject: string): readonly string[] => about("run", subject);
const aboutMission = (subject: string): readonly string[] => about("mission", subject);

function about(kind: "run" | "mission", subject: string): readonly string[] {
  const id = idIn(subject);
  return id === "" ? [] : [`${kind} ${id}`];
}

/** Returns the id that a subject ends with, be it alone or behind a path. A task stands behind its run. */
function idIn(subject: string): string {
  const parts = subject.split("/").filter(Boolean);
  const at = parts.findIndex((part) => part === "runs" || part === "missions");
  return (at >= 0 ? parts[at + 1] : parts.at(-1)) ?? "";
}

/** Returns the first two words of a key, as events touch them: `run r1`, `runs`. */
export function keyOf(queryKey: readonly unknown[]): string {
  const [kind, id] = queryKey;
  return typeof id === "string" ? `${String(kind)} ${id}` : String(kind);
}
