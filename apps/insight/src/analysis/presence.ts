/** The spans in which an agent was connected, between its first and its last time. */

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface State {
  readonly state: string;
  readonly sinceMs: number;
}

interface Held {
  readonly assignedMs: number;
  readonly endedMs: number;
}

/** @param states of the agent, in order. They may be recorded late, but an attempt proves that it was connected. */
export function presenceOf(
  whole: Span,
  states: readonly State[],
  attempts: readonly Held[],
): readonly Span[] {
  const spans: Span[] = [];
  let { fromMs } = whole;
  for (const [at, { state, sinceMs }] of states.entries()) {
    if (state !== "gone") continue;
    const back = states.slice(at + 1).find((next) => next.state !== "gone");
    if (back === undefined) break;
    const before = attempts.filter(({ assignedMs }) => assignedMs < sinceMs);
    const after = attempts.filter(({ assignedMs }) => assignedMs >= sinceMs);
    // The agent leaves after the end of its last attempt, not at the same moment.
    const goneMs = before.reduce((last, { endedMs }) => Math.max(last, endedMs + 1), sinceMs);
    const backMs = after.reduce((first, { assignedMs }) => Math.min(first, assignedMs), back.sinceMs);
    if (goneMs <= fromMs || backMs <= goneMs || backMs >= whole.toMs) continue;
    spans.push({ fromMs, toMs: goneMs });
    fromMs = backMs;
  }
  return [...spans, { fromMs, toMs: whole.toMs }];
}
