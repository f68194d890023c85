/**
 * The health of subjects over time, computed from recorded values.
 *
 * 1. A step without any recorded value is unknown: no state starts or ends in it.
 * 2. A step with values of other subjects but not of this one is `gone`.
 */
export type HealthState = "ready" | "degraded" | "not_ready" | "gone";

export interface HealthValues {
  readonly subject: string;
  readonly startMs: number;
  readonly stepMs: number;
  /** 0 healthy, 1 degraded, 2 unhealthy, not a number if no value was recorded. */
  readonly values: readonly number[];
}

export interface HealthSpanFound {
  readonly subject: string;
  readonly state: HealthState;
  readonly reason: string;
  readonly fromMs: number;
  /** Undefined while it continues. */
  readonly toMs: number | undefined;
}

/** Values over time, without a subject. */
type Values = Omit<HealthValues, "subject">;

/**
 * Returns the health of a subject whose series starts with its first value above zero. A step without a value is healthy
 * while the process exists. `ready` is the share of a step in which the process was ready. A start, an end or a restart
 * within a step counts as healthy. Its recorded health is ignored, because no caller waits for the process yet.
 * Two steps in a row without readiness are `not_ready`.
 */
export function overlaid(
  subject: string,
  presence: Values,
  health: Values | undefined,
  ready: Values | undefined,
): HealthValues {
  const known = byMoment(health);
  const shares = byMoment(ready);
  const shareOf = (at: number): number => {
    if (Number.isNaN(presence.values[at] ?? Number.NaN)) return Number.NaN;
    return shares.get(presence.startMs + at * presence.stepMs) || 0;
  };
  const values = presence.values.map((there, at) => {
    if (Number.isNaN(there)) return Number.NaN;
    const share = shareOf(at);
    if (share === 0) return shareOf(at - 1) === 0 || shareOf(at + 1) === 0 ? notReady : 0;
    return share < 1 ? 0 : known.get(presence.startMs + at * presence.stepMs) || 0;
  });
  return { ...presence, subject, values };
}

const notReady = 2;

function byMoment(values: Values | undefined): ReadonlyMap<number, number> {
  return new Map(values?.values.map((value, at) => [values.startMs + at * values.stepMs, value]));
}

export function healthSpans(all: readonly HealthValues[]): HealthSpanFound[] {
  const known = new Set(
    all.flatMap(({ startMs, stepMs, values }) =>
      values.flatMap((value, at) => (Number.isNaN(value) ? [] : [startMs + at * stepMs])),
    ),
  );
  const endMs = Math.max(...known);
  return all.flatMap((each) => spansOf(each, known, endMs));
}

function spansOf(
  { subject, startMs, stepMs, values }: HealthValues,
  known: ReadonlySet<number>,
  endMs: number,
): HealthSpanFound[] {
  const spans: {
    subject: string;
    state: HealthState;
    reason: string;
    fromMs: number;
    toMs: number | undefined;
  }[] = [];
  let hasStarted = false;
  for (const [at, value] of values.entries()) {
    const atMs = startMs + at * stepMs;
    hasStarted ||= !Number.isNaN(value);
    if (!hasStarted || !known.has(atMs)) continue;
    const state = stateOf(value);
    const last = spans.at(-1);
    if (last?.state === state) continue;
    if (last !== undefined) last.toMs = atMs;
    spans.push({ subject, state, reason: "", fromMs: atMs, toMs: undefined });
  }
  // The series ended before the others, so its process is gone.
  const lastMs = startMs + (values.length - 1) * stepMs;
  const last = spans.at(-1);
  if (last !== undefined && last.state !== "gone" && lastMs < endMs) {
    last.toMs = lastMs + stepMs;
    spans.push({ subject, state: "gone", reason: "", fromMs: lastMs + stepMs, toMs: undefined });
  }
  return spans;
}

/** Returns the state for a value. The value of a minute is a mean. */
function stateOf(value: number): HealthState {
  if (Number.isNaN(value)) return "gone";
  if (value < 0.01) return "ready";
  return value < 1.5 ? "degraded" : "not_ready";
}
