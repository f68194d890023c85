import { useNavigate } from "@tanstack/react-router";
import type { Run } from "@tutti/rest/types";
import { type MouseEvent, memo, useMemo } from "react";
import { useNow } from "../../effects/use-now.ts";
import { counted, span } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { linesOfStaff, marksOf, type Note, type Staff, scoreOf } from "./score-layout.ts";

const stepMs = 2_000;
const gapPx = 8;
const heightPx = gapPx * (linesOfStaff - 1);
const padPx = 9;

/** The latest runs as a score: a staff for each workflow, a note for each run. */
export function ScoreStrip({ runs }: { runs: readonly Run[] }) {
  // Changes smaller than a step would not be visible.
  const nowMs = Math.ceil(useNow() / stepMs) * stepMs;
  const score = useMemo(() => scoreOf(runs, nowMs), [runs, nowMs]);
  const follow = useFollow();
  const marks = useIsNarrow() ? 3 : 5;
  if (score.staves.length === 0)
    return (
      <Empty title="No runs yet.">
        <p>Start a run. Each workflow has its own line.</p>
      </Empty>
    );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a clickable picture. The list of runs has the same links
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div className="score" onClick={follow}>
      {score.staves.map((staff) => (
        <StaffLine key={staff.name} staff={staff} />
      ))}
      <div className="score-times small soft" aria-hidden="true">
        {marksOf(score, marks).map(({ at, agoMs }) => (
          <span key={at}>{agoMs === 0 ? "now" : `${span(agoMs)} ago`}</span>
        ))}
      </div>
    </div>
  );
}

/** Returns one click handler for all notes. A hundred handlers would each read the current location. */
function useFollow() {
  const navigate = useNavigate();
  return (event: MouseEvent) => {
    const runId = (event.target as HTMLElement).dataset["run"];
    if (runId !== undefined) void navigate({ to: "/runs/$runId", params: { runId } });
  };
}

const StaffLine = memo(function StaffLine({ staff }: { staff: Staff }) {
  const counts = new Map<string, number>();
  for (const { badge } of staff.notes) counts.set(badge.label, (counts.get(badge.label) ?? 0) + 1);
  const summary = [...counts].map(([label, many]) => `${many} ${label}`).join(", ");
  return (
    <div className="staff">
      <div className="staff-name">
        <span className="clipped" title={staff.name}>
          {staff.name}
        </span>
        <span className="small soft">{counted(staff.count, "run")}</span>
      </div>
      <div className="staff-lines" role="img" aria-label={`${staff.name}: ${summary}`}>
        {staff.notes.map((note) => (
          <NoteMark key={note.runId} note={note} />
        ))}
      </div>
    </div>
  );
});

/** Visual only. Keyboard and screen reader users find the same runs in the list of runs. */
function NoteMark({ note }: { note: Note }) {
  const { runId, badge, from, to, line } = note;
  return (
    <span
      data-run={runId}
      className={`score-note tone-${badge.tone} head-${badge.glyph}${badge.live ? " sounding" : ""}`}
      style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%`, top: padPx + heightPx - line * gapPx }}
      title={`${runId}: ${badge.label}`}
    />
  );
}
