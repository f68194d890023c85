/** The shapes of Alertmanager's API v2, made of those of REST, and read into them. */
import {
  type LabelMatcher,
  matcherProblem,
  matchesLabels,
  parseMatcher,
  printMatcher,
} from "@tutti/expressions";
import type { Alert, AlertRule, Routes, Silence } from "@tutti/rest/types";

export class AlertmanagerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Json = Readonly<Record<string, unknown>>;
type Labels = Readonly<Record<string, string>>;
type ReportedAlerts = Routes["alerts.report"]["body"]["alerts"];
type SilenceBody = Routes["silences.create"]["body"];

export interface GettableAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  /** Absent if the alert does not say. */
  readonly generatorURL?: string;
  readonly fingerprint: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: "active" | "suppressed";
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
  };
}

/** An alert of a rule does not say when it would end: Prometheus reports four evaluations ahead, at least. */
const aheadMs = 240_000;

export function gettableAlert(
  alert: Alert,
  rules: ReadonlyMap<string, AlertRule>,
  fingerprints: ReadonlyMap<string, string>,
  nowMs: number,
): GettableAlert {
  const {
    alertId,
    ruleId = "",
    title = "",
    advice = "",
    report,
    startTimeMs = 0,
    fingerprint = alertId,
  } = alert;
  const { silenceId, inhibitedBy, escalation } = alert;
  const receivers = new Set([...(rules.get(ruleId)?.receivers ?? []), ...(escalation?.receivers ?? [])]);
  return {
    labels: labelsOf(alert),
    annotations: report?.annotations ?? { summary: title, ...(advice !== "" && { description: advice }) },
    startsAt: momentOf(startTimeMs),
    endsAt: momentOf(report?.expiryTimeMs ?? nowMs + aheadMs),
    updatedAt: momentOf(report?.updateTimeMs ?? startTimeMs),
    ...(report?.generatorUrl && { generatorURL: report.generatorUrl }),
    fingerprint,
    receivers: [...receivers].map((name) => ({ name })),
    status: {
      state: silenceId || inhibitedBy ? "suppressed" : "active",
      silencedBy: silenceId ? [silenceId] : [],
      inhibitedBy: inhibitedBy ? [fingerprints.get(inhibitedBy) ?? inhibitedBy] : [],
    },
  };
}

/** Reported alerts have their labels as they came. Those of rules also have the rule and the severity. */
function labelsOf({ report, ruleId = "", severity, labels }: Alert): Labels {
  return report === undefined ? { alertname: ruleId, severity: severity ?? "", ...labels } : labels;
}

export function reportedAlerts(body: unknown): ReportedAlerts {
  if (!Array.isArray(body)) throw new AlertmanagerError(400, "expected a list of alerts");
  return body.map((alert: unknown, at) => {
    const place = `alerts[${at}]`;
    const { labels, annotations, startsAt, endsAt, generatorURL = "" } = objectIn(alert, place);
    const found = textsIn(labels, `${place}.labels`);
    if (Object.keys(found).length === 0)
      throw new AlertmanagerError(400, `${place}.labels: expected at least one label with a value`);
    const startTimeMs = momentIn(startsAt, `${place}.startsAt`);
    const endTimeMs = momentIn(endsAt, `${place}.endsAt`);
    if (startTimeMs !== undefined && endTimeMs !== undefined && endTimeMs < startTimeMs)
      throw new AlertmanagerError(400, `${place}: expected a start before the end`);
    return {
      labels: found,
      annotations: textsIn(annotations, `${place}.annotations`),
      generatorUrl: textIn(generatorURL, `${place}.generatorURL`),
      ...(startTimeMs !== undefined && { startTimeMs }),
      ...(endTimeMs !== undefined && { endTimeMs }),
    };
  });
}

export function gettableSilence(
  silence: Silence,
  nowMs: number,
): Json & { readonly matchers: readonly Json[] } {
  const { silenceId, span, createCause, author = "" } = silence;
  const { fromMs = 0, toMs = 0 } = span ?? {};
  const { actor, reason = "" } = createCause ?? {};
  return {
    id: silenceId,
    matchers: matchersOf(silence).map(({ name, value, regex, negated }) => ({
      name,
      value,
      isRegex: regex,
      isEqual: !negated,
    })),
    startsAt: momentOf(fromMs),
    endsAt: momentOf(toMs),
    updatedAt: momentOf(Math.min(fromMs, nowMs)),
    createdBy: author || actor?.id || "tutti",
    comment: reason,
    status: { state: toMs <= nowMs ? "expired" : fromMs > nowMs ? "pending" : "active" },
  };
}

/** Conditions on a rule and labels, as matchers. */
function matchersOf({ ruleId = "", labels, matchers }: Silence): readonly LabelMatcher[] {
  const plain = { regex: false, negated: false };
  const found = [
    ...(ruleId === "" ? [] : [{ name: "alertname", value: ruleId, ...plain }]),
    ...Object.entries(labels?.equals ?? {}).map(([name, value]) => ({ name, value, ...plain })),
    ...(labels?.exists ?? []).map((name) => ({ name, value: "", regex: false, negated: true })),
    ...(labels?.absent ?? []).map((name) => ({ name, value: "", ...plain })),
    ...matchers.map(({ name = "", value = "", regex = false, negated = false }) => ({
      name,
      value,
      regex,
      negated,
    })),
  ];
  // A silence of everything.
  return found.length > 0 ? found : [{ name: "alertname", value: ".+", regex: true, negated: false }];
}

export function silenceBody(body: unknown, nowMs: number): SilenceBody & { readonly replaces: string } {
  const { id = "", matchers, startsAt, endsAt, createdBy, comment } = objectIn(body, "silence");
  if (!Array.isArray(matchers) || matchers.length === 0)
    throw new AlertmanagerError(400, "matchers: expected at least one");
  const fromMs = momentIn(startsAt, "startsAt") ?? 0;
  const toMs = momentIn(endsAt, "endsAt");
  if (toMs === undefined) throw new AlertmanagerError(400, "endsAt: expected a time");
  const author = textIn(createdBy, "createdBy").slice(0, 200);
  const reason = textIn(comment, "comment") || `Silence of ${author}`;
  return {
    matchers: matchers.map((matcher: unknown, at) => {
      const { name, value, isRegex = false, isEqual = true } = objectIn(matcher, `matchers[${at}]`);
      return {
        name: textIn(name, `matchers[${at}].name`),
        value: textIn(value, `matchers[${at}].value`),
        regex: isRegex === true,
        negated: isEqual === false,
      };
    }),
    // Alertmanager starts it now as well if the start has passed.
    span: { ...(fromMs > nowMs && { fromMs }), toMs },
    author,
    reason: reason.slice(0, 4_096),
    replaces: textIn(id, "id"),
  };
}

export interface AlertFilter {
  readonly matchers: readonly LabelMatcher[];
  readonly receiver: LabelMatcher | undefined;
  readonly isActive: boolean;
  readonly isSilenced: boolean;
  readonly isInhibited: boolean;
}

export function filterIn(search: URLSearchParams): AlertFilter {
  const flag = (name: string) => {
    const text = search.get(name) ?? "true";
    if (text !== "true" && text !== "false")
      throw new AlertmanagerError(400, `${name}: expected true or false, got ${text}`);
    return text === "true";
  };
  const receiver = search.get("receiver") ?? "";
  const receiverMatcher = { name: "receiver", value: receiver, regex: true, negated: false };
  return {
    matchers: search.getAll("filter").map(matcherIn),
    receiver: receiver === "" ? undefined : readable(receiverMatcher),
    isActive: flag("active"),
    isSilenced: flag("silenced"),
    isInhibited: flag("inhibited"),
  };
}

export function isSelected(alert: GettableAlert, filter: AlertFilter): boolean {
  const { receiver } = filter;
  const { silencedBy, inhibitedBy, state } = alert.status;
  if (!filter.isActive && state === "active") return false;
  if (!filter.isSilenced && silencedBy.length > 0) return false;
  if (!filter.isInhibited && inhibitedBy.length > 0) return false;
  if (
    receiver !== undefined &&
    !alert.receivers.some(({ name }) => matchesLabels(receiver, { receiver: name }))
  )
    return false;
  return filter.matchers.every((matcher) => matchesLabels(matcher, alert.labels));
}

/** Returns true if the silence has each requested matcher, compared as Alertmanager does. */
export function isSilenceSelected(
  { matchers }: { readonly matchers: readonly Json[] },
  search: URLSearchParams,
) {
  return search
    .getAll("filter")
    .map(matcherIn)
    .every(({ name, value, regex, negated }) =>
      matchers.some(
        (matcher) =>
          matcher["name"] === name &&
          matcher["value"] === value &&
          matcher["isRegex"] === regex &&
          matcher["isEqual"] === !negated,
      ),
    );
}

function matcherIn(text: string): LabelMatcher {
  const matcher = parseMatcher(text);
  if (matcher === undefined) throw new AlertmanagerError(400, `bad matcher format: ${text.slice(0, 200)}`);
  return readable(matcher);
}

function readable(matcher: LabelMatcher): LabelMatcher {
  const problem = matcherProblem(matcher);
  if (problem !== "") throw new AlertmanagerError(400, `${printMatcher(matcher)}: ${problem}`);
  return matcher;
}

/** As Alertmanager has it: 422 for a part that is missing. */
function objectIn(value: unknown, place: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new AlertmanagerError(value === undefined ? 422 : 400, `${place}: expected an object`);
}

function textIn(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw new AlertmanagerError(value === undefined ? 422 : 400, `${place}: expected a text`);
}

/** Empty values mean that there is none. */
function textsIn(value: unknown, place: string): Record<string, string> {
  const entries = Object.entries(objectIn(value ?? {}, place));
  return Object.fromEntries(
    entries
      .map(([name, text]) => [name, textIn(text, `${place}.${name}`)] as const)
      .filter(([, text]) => text !== ""),
  );
}

/** Go writes a time that is not set as the first moment of the year 1. */
function momentIn(value: unknown, place: string): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new AlertmanagerError(400, `${place}: expected a time as RFC 3339 has it`);
  return ms > 0 ? ms : undefined;
}

function momentOf(ms: number): string {
  return new Date(ms).toISOString();
}
