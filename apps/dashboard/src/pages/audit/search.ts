/** The filter of the audit log, as the address contains it. */
import { commandLine } from "../../elements/spelled.ts";

const auditViews = ["records", "refused", "checkpoints", "compliance"] as const;
type AuditView = (typeof auditViews)[number];

export interface AuditSearch {
  readonly view?: AuditView;
  /** `person/ada`. */
  readonly actor?: string;
  readonly action?: string;
  /** `run/order-1`, or a kind alone. */
  readonly about?: string;
  readonly text?: string;
  /** Since so long ago. */
  readonly within?: Within;
  readonly oldest?: boolean;
  /** The record that is open. */
  readonly record?: string;
  /** The report that is open. */
  readonly report?: string;
}

const withins = ["1h", "1d", "7d", "30d"] as const;
type Within = (typeof withins)[number];
const hourMs = 3_600_000;
const withinMs: Readonly<Record<Within, number>> = {
  "1h": hourMs,
  "1d": 24 * hourMs,
  "7d": 168 * hourMs,
  "30d": 720 * hourMs,
};

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;

export function auditSearch(search: Readonly<Record<string, unknown>>): AuditSearch {
  const view = auditViews.find((each) => each === search["view"]);
  const within = withins.find((each) => each === search["within"]);
  const texts = Object.fromEntries(
    (["actor", "action", "about", "text", "record", "report"] as const).flatMap((name) => {
      const value = nonEmpty(search[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return {
    ...texts,
    ...(view === undefined ? {} : { view }),
    ...(within === undefined ? {} : { within }),
    ...(search["oldest"] === true ? { oldest: true } : {}),
  };
}

const halves = (text: string | undefined): readonly [string, string] => {
  const [first = "", ...rest] = (text ?? "").split(/[/:](.*)/s);
  return [first, rest[0] ?? ""];
};

/** Returns the parameters of the search. Times to the minute, so that it is the same question for a while. */
export function parametersOf(search: AuditSearch, nowMs: number) {
  const { view, action, text, within, oldest } = search;
  const [actorKind, actorId] = halves(search.actor);
  const [workKind, workId] = halves(search.about);
  return {
    ...(actorKind === "" ? {} : { actorKind, actorId }),
    ...(action === undefined ? {} : { action }),
    ...(workKind === "" ? {} : { workKind, workId }),
    ...(text === undefined ? {} : { text }),
    ...(view === "refused" ? { result: "refused" } : {}),
    ...(within === undefined ? {} : { timeFromMs: Math.floor(nowMs / 60_000) * 60_000 - withinMs[within] }),
    ...(oldest === true ? { oldestFirst: true } : {}),
  };
}

export function searchCommand(verb: "search" | "export", search: AuditSearch): string {
  const { actor, action, about, text, within, oldest, view } = search;
  return commandLine(
    ...["tutti", "audit", verb],
    ...(actor === undefined ? [] : ["--actor", actor]),
    ...(action === undefined ? [] : ["--action", action]),
    ...(about === undefined ? [] : ["--about", about]),
    ...(within === undefined ? [] : ["--since", within]),
    ...(text === undefined ? [] : ["--text", text]),
    ...(view === "refused" ? ["--refused"] : []),
    ...(oldest === true && verb === "search" ? ["--oldest"] : []),
  );
}
