import { parseExactly } from "@tutti/expressions";
import { Client, type ConnectionState } from "@tutti/rest/client";
import { currentNamespace } from "../effects/namespace.ts";
import { after, every, nowMs } from "../effects/time.ts";
import { setConnection } from "./connection.ts";
import { pathIn } from "./in-namespace.ts";
import { queryClient } from "./query-client.ts";
import { refreshRunLists, trimRunLists } from "./run-lists.ts";

/**
 * Keeps the dashboard current. Events of the bus name what changed, and the affected queries are refetched in
 * batches, so a thousand events cost one request. While the platform is unavailable the dashboard shows it, and the
 * client retries from its cursor. After a reconnect all shown queries are refetched, so that nothing is missed.
 */

/** Delay between the first event and the refetch of the affected queries. */
const gatherMs = 300;
const pollMs = 5_000;
const hiddenMs = 20_000;
const withoutEvents: ReadonlySet<string> = new Set([
  ...["agents", "components", "inboxes", "pools", "resources", "series", "status"],
  ...["decisions", "findings", "keys", "tokens", "sign-ins", "lockouts"],
]);

/** Calls and streams of the page. The cookie goes along by itself. */
export const client = new Client({
  fetch: (url, init) => fetch(pathIn(currentNamespace(), url), init),
  parse: parseExactly,
});

let touchedKeys = new Set<string>();

/** Records the queries that an event affects, and refetches them in batches. */
function recordEvent(type: string, subject: string): void {
  const touched = touchedBy(type, subject);
  if (touched.length === 0) return;
  const isFirst = touchedKeys.size === 0;
  for (const key of touched) touchedKeys.add(key);
  if (!isFirst) return;
  after(gatherMs, () => {
    const keys = touchedKeys;
    touchedKeys = new Set();
    refetch(keys);
  });
}

function refetch(keys: ReadonlySet<string>): void {
  void queryClient.invalidateQueries({ predicate: ({ queryKey }) => keys.has(keyOf(queryKey)) });
  const runIds = [...keys].filter((key) => key.startsWith("run ")).map((key) => key.slice("run ".length));
  if (runIds.length > 0) void refreshRunLists(runIds);
}

/** Refetches everything that is shown: after missed events, no cached result is reliable. */
function refetchAll(): void {
  trimRunLists();
  void queryClient.invalidateQueries();
}

/** A result from before the stream was open may be stale, so it is refetched once. */
function refetchStale(): void {
  const openedMs = nowMs();
  after(gatherMs, () => {
    void queryClient.invalidateQueries({
      predicate: ({ queryKey, state }) => queryKey[0] !== "who" && state.dataUpdatedAt < openedMs,
    });
  });
}

/**
 * Listens until it is stopped. A hidden page closes its stream after a while, because a browser has few connections
 * for all its pages. When it becomes visible, it refetches.
 */
export function listenLive(): () => void {
  let stop = new AbortController();
  let callOff = () => {};
  void follow(stop.signal);
  const onVisibilityChange = () => {
    callOff();
    if (document.visibilityState === "hidden") {
      callOff = after(hiddenMs, () => stop.abort());
    } else if (stop.signal.aborted) {
      stop = new AbortController();
      void follow(stop.signal, true);
    }
  };
  document.addEventListener("visibilitychange", onVisibilityChange);
  // Queries without events, such as the number of workers, are polled while the page is visible.
  const stopPolling = every(pollMs, () => {
    if (document.visibilityState === "visible") refetch(withoutEvents);
  });
  return () => {
    document.removeEventListener("visibilitychange", onVisibilityChange);
    callOff();
    stop.abort();
    stopPolling();
  };
}

async function follow(signal: AbortSignal, wasFollowing = false): Promise<void> {
  let wasDisconnected = wasFollowing;
  let isFirst = true;
  const onStatus = (status: ConnectionState) => {
    if (status === "broken") {
      wasDisconnected = true;
      setConnection({ kind: "away", sinceMs: nowMs() });
    } else if (status === "open") {
      setConnection({ kind: "live" });
      if (wasDisconnected) refetchAll();
      else if (isFirst) refetchStale();
      wasDisconnected = false;
      isFirst = false;
    }
  };
  try {
    for await (const message of client.events(">", "", { signal, onConnectionChange: onStatus })) {
      if (message.kind === "gap") refetchAll();
      else if (message.kind === "event") recordEvent(message.value.type, message.value.subject ?? "");
    }
  } catch {
    // A refusal, such as a sign-in that ran out. The next request gets the answer, and leads to the sign-in.
    if (!signal.aborted) void queryClient.invalidateQueries({ queryKey: ["who"] });
  }
}

/**
 * Returns the queries that an event of the bus affects, as the first words of their keys. An event that affects no
 * shown query costs nothing: only shown queries are refetched.
 */
export function touchedBy(type: string, subject: string): readonly string[] {
  const [, area, subjectKind] = type.split(".");
  if (area === "workflow" && subjectKind === "run")
    return ["runs", "counts", "schedules", "triggers", "objects", ...aboutRun(subject)];
  if (area === "workflow" && subjectKind === "task") return aboutRun(subject);
  if (area === "swarm" && subjectKind === "approval")
    return ["approvals", "missions", ...aboutMission(subject)];
  if (area === "swarm" && (subjectKind === "mission" || subjectKind === "task"))
    return ["missions", "agents", "pools", ...aboutMission(subject)];
  if (area === "swarm" && (subjectKind === "vote" || subjectKind === "budget")) return aboutMission(subject);
  if (subjectKind === "approval") return ["approvals", "runs", "counts", ...aboutRun(subject)];
  if (area === "session") return ["sessions"];
  if (area === "workflow" && subjectKind === "definition") return ["workflows", "workflow"];
  if (area === "workflow" && subjectKind === "schedule") return ["schedules", `schedule ${idIn(subject)}`];
  if (area === "workflow" && subjectKind === "trigger") return ["triggers"];
  if (area === "intelligence" && subjectKind === "recommendation") return ["advice"];
  if (area === "intelligence" && subjectKind === "model") return ["models"];
  if (area === "insight" && subjectKind === "alert") return ["alerts", "incidents"];
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

/** Returns the id at the end of a subject, with or without a path. The id of a task follows that of its run. */
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
