/** The description of a session in lists and in golden histories. */
import { Mode, SessionSnapshotV1 } from "@tutti/contracts/session/v1";
import { Amounts } from "@tutti/contracts/types/v1";
import type { Description } from "@tutti/kernel";
import { countsLabel, labelLengthMax, truncate } from "@tutti/machine-work";
import { usedBy } from "./life/end.ts";
import { snapshotOf } from "./snapshots.ts";
import { hasEnded, openQuestions, type Session, type SessionView, statusOf } from "./state.ts";

/** Labels for finding sessions, in addition to their own: no label of a user can have these names. */
export const indexLabels = {
  errorCode: "session:error",
  parent: "session:parent",
  title: "session:title",
  /** Current mode. Absent until one is chosen. */
  mode: "session:mode",
  /** Requested mode. Absent if none was requested. */
  wantedMode: "session:wanted",
  /** Number of tasks by status: `8:2 9:1`. */
  tasks: "session:tasks",
  /** Usage of its tasks, as bytes in base64url. Absent for nothing. */
  used: "session:used",
  /**
   * Number of open questions to people, set while it waits for a person: 0 if it is paused without a
   * question.
   */
  person: "session:person",
} as const;

export function describeSession(session: SessionView): Description {
  const { order } = session;
  const labels: Record<string, string> = { ...order?.spec?.labels };
  if (order?.spec?.title) labels[indexLabels.title] = truncate(order.spec.title, labelLengthMax);
  const parent = order?.parent;
  if (parent !== undefined)
    labels[indexLabels.parent] = truncate(`${parent.kind}/${parent.id}`, labelLengthMax);
  if (session.mode !== Mode.MODE_UNSPECIFIED) labels[indexLabels.mode] = modeName(session.mode);
  const requestedMode = modeName(order?.spec?.mode ?? Mode.MODE_UNSPECIFIED);
  if (requestedMode !== "") labels[indexLabels.wantedMode] = requestedMode;
  if (session.tasks.length > 0) labels[indexLabels.tasks] = countsLabel(session.counts);
  const used = usedLabel(session);
  if (used !== "") labels[indexLabels.used] = used;
  if (session.error !== undefined)
    labels[indexLabels.errorCode] = truncate(session.error.code, labelLengthMax);
  const open = openQuestions(session);
  if (!hasEnded(session) && (session.pauseMs > 0 || open > 0)) labels[indexLabels.person] = String(open);
  return {
    status: statusOf(session),
    definition: order?.definition ?? "",
    labels,
    idChosen: order?.idChosen ?? false,
    keepMs: order?.spec?.retentionMs || undefined,
    removedMs: session.removeMs || undefined,
  };
}

function usedLabel(session: SessionView): string {
  const used = usedBy(session);
  if (used.tokens === 0 && used.money === 0 && used.timeMs === 0) return "";
  return Buffer.from(Amounts.encode(used).finish()).toString("base64url");
}

/** Returns the usage in a label. */
export function usedIn(label: string | undefined): Amounts {
  return label === undefined ? Amounts.create() : Amounts.decode(Buffer.from(label, "base64url"));
}

const names: Readonly<Record<number, string>> = {
  [Mode.MODE_WORKFLOW]: "workflow",
  [Mode.MODE_SWARM]: "swarm",
  [Mode.MODE_INTELLIGENCE]: "intelligence",
  [Mode.MODE_HYBRID]: "hybrid",
  [Mode.MODE_ADAPTIVE]: "adaptive",
  [Mode.MODE_CUSTOM]: "custom",
};

/** Returns a mode in a sentence. */
export function modeName(mode: Mode): string {
  return names[mode] ?? "";
}

/** Returns the mode with this name. Unspecified if there is none. */
export function modeNamed(name: string): Mode {
  const found = Object.entries(names).find(([, each]) => each === name);
  return found === undefined ? Mode.MODE_UNSPECIFIED : (Number(found[0]) as Mode);
}

/**
 * Returns the whole state as plain JSON, without times that are only used for metrics: older releases kept none of
 * these.
 */
export function projectSession(session: SessionView): unknown {
  const { counts, remaining, openParts, storedBytes, tasks, parts } = session;
  const snapshot = snapshotOf(session as Session);
  const plain = { ...snapshot, pauses: [], tasks: snapshot.tasks.map((task) => ({ ...task, sinceMs: 0 })) };
  return {
    ...(SessionSnapshotV1.toJSON(plain) as object),
    follows: {
      counts: [...counts],
      left: remaining,
      openParts,
      keptBytes: storedBytes,
      open: tasks.map(({ open }) => open),
      followers: tasks.map(({ followers }) => followers.length),
      parts: parts.map((part) => [...part.tasks].sort((one, other) => one - other)),
    },
  };
}
