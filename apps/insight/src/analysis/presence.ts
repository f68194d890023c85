/** The spans in which an agent was connected, between its first and its last time. */

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface State {
  readonly state: string;
  readonly sinceMs: number;
}

interface AttemptTimes {
  readonly assignedMs: number;
  readonly endedMs: number;
}

/** @param states of the agent, in order. They may be recorded late, but an attempt proves that it was connected. */
export function presenceOf(
  whole: Span,
  states: readonly State[],
  attempts: readonly AttemptTimes[],
): readonly Span[] {
  const spans: Span[] = [];
  let { fromMs } = whole;
  for (const [at, { state, sinceMs }] of states.entries()) {
    if (state !== "gone") continue;
    const reconnected = states.slice(at + 1).find((next) => next.state !== "gone");
    if (reconnected === undefined) break;
    const before = attempts.filter(({ assignedMs }) => assignedMs < sinceMs);
    const after = attempts.filter(({ assignedMs }) => assignedMs >= sinceMs);
    // The agent leaves after the end of its last attempt, not at the same moment.
    const disconnectedMs = before.reduce((last, { endedMs }) => Math.max(last, endedMs + 1), sinceMs);
    const reconnectedMs = after.reduce(
      (first, { assignedMs }) => Math.min(first, assignedMs),
      reconnected.sinceMs,
    );
    if (disconnectedMs <= fromMs || reconnectedMs <= disconnectedMs || reconnectedMs >= whole.toMs) continue;
    spans.push({ fromMs, toMs: disconnectedMs });
    fromMs = reconnectedMs;
  }
  return [...spans, { fromMs, toMs: whole.toMs }];
}
