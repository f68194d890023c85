import type { Performance, Session } from "@tutti/rest/types";
import { count, figure, percent, span } from "../../elements/moments.ts";
import { Part } from "../../elements/parts.tsx";
import { errorText, lateText, waitLines } from "./session.ts";

/** The performance of the session: work by time and slots, errors of predictions, and reasons for waiting. */
export function PerformancePart({ session: { performance, used } }: { session: Session }) {
  if (performance === undefined) return null;
  const { efficiency = 0, slots = 0, workMs = 0, elapsedMs = 0 } = performance;
  const { lateMs = 0, replans = 0, moves = 0 } = performance;
  const money = used?.money ?? 0;
  const figures: readonly (readonly [string, string])[] = [
    ["Efficiency", percent(efficiency)],
    ["Work", span(workMs)],
    ["Time", span(elapsedMs)],
    ["Slots", figure(slots)],
    ["Prediction error", errorText(performance)],
    ["Compared to the plan", lateText(lateMs)],
    ["Replanned", count(replans)],
    ["Tasks moved", count(moves)],
    ...(money > 0 ? [["Money", figure(money)] as const] : []),
  ];
  return (
    <Part title="Performance">
      <dl className="session-figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Waits performance={performance} />
    </Part>
  );
}

function Waits({ performance }: { performance: Performance }) {
  const lines = waitLines(performance);
  if (lines.length === 0) return <p className="small soft">No waits.</p>;
  return (
    <>
      <h3 className="session-waits-title">Waits of tasks</h3>
      <ul className="session-waits">
        {lines.map(({ cause, waitedMs, share }) => (
          <li key={cause}>
            <span>{cause}</span>
            <span className="session-wait-bar" aria-hidden="true">
              <span style={{ width: percent(Math.max(0.01, share)).replace(/[< ]/g, "") }} />
            </span>
            <span className="small">
              {span(waitedMs)}, {percent(share)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
