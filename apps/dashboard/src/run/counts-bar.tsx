import { count } from "../elements/moments.ts";
import { Glyph } from "../score/glyph.tsx";
import { taskBadge } from "./graph/tones.ts";
import { useStore } from "./live/run-context.tsx";
import { type TaskState, taskStates } from "./model/task-state.ts";

/** Ended states first, pending states last, so that the bar grows from the left. */
const order: readonly TaskState[] = [
  "completed",
  "compensated",
  "failed",
  "skipped",
  "cancelled",
  "compensating",
  "running",
  "retrying",
  "paused",
  "waiting",
  "queued",
  "held",
  "pending",
];

/** Counts of all tasks by state, as one bar and in words. */
export function CountsBar() {
  const text = useStore((store) => textOf(store.states));
  const counts = text === "" ? [] : text.split(",").map(Number);
  const total = counts.reduce((sum, each) => sum + each, 0);
  if (total === 0) return null;
  const visible = order.flatMap((state) => {
    const number = counts[taskStates.indexOf(state)] ?? 0;
    return number === 0 ? [] : [{ state, number, badge: taskBadge(state) }];
  });
  return (
    <div className="run-counts">
      <div className="run-counts-bar" aria-hidden="true">
        {visible.map(({ state, number, badge }) => (
          <span
            key={state}
            className={`tone-${badge.tone} counts-${state}`}
            style={{ flexGrow: number, minWidth: 3 }}
          />
        ))}
      </div>
      <ul className="run-counts-words">
        {visible.map(({ state, number, badge }) => (
          <li key={state} className={`tone-${badge.tone}`}>
            <Glyph name={badge.glyph} beating={badge.glyph === "note"} />
            <span>
              {count(number)} {badge.label}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Returns the counts as text, so that unchanged counts compare as equal. */
function textOf(states: Uint8Array): string {
  if (states.length === 0) return "";
  const counts = new Array<number>(taskStates.length).fill(0);
  for (const state of states) if (state > 0) counts[state - 1] = (counts[state - 1] ?? 0) + 1;
  return counts.join();
}
