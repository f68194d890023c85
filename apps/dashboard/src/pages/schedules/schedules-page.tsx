import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schedule } from "@tutti/rest/types";
import { useState } from "react";
import { schedulesQuery } from "../../data/queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { clock, count, counted } from "../../elements/moments.ts";
import { Empty, PageHead } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { activeOrPaused, badgeOf, firingStates } from "../../score/states.ts";
import { CreateSchedule } from "./create-schedule.tsx";
import { ScheduleActions } from "./schedule-actions.tsx";
import "./schedules.css";
import { timingText } from "./timing.ts";

/** All schedules. */
export function SchedulesPage() {
  const query = useQuery(schedulesQuery());
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title="Schedules"
        below={query.data === undefined ? <>&nbsp;</> : counted(query.data.schedules.length, "schedule")}
        actions={
          <button type="button" className="press main" onClick={() => setCreating(true)}>
            Create schedule
          </button>
        }
      />
      <QueryView query={query} label="schedules" lines={6}>
        {({ schedules }) =>
          schedules.length === 0 ? (
            <Empty title="No schedules yet.">
              <button type="button" className="press" onClick={() => setCreating(true)}>
                Create schedule
              </button>
            </Empty>
          ) : (
            <ul className="schedules">
              {schedules.map((schedule) => (
                <li key={schedule.scheduleId}>
                  <Line schedule={schedule} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <Dialog title="Create schedule" open={creating} onClose={() => setCreating(false)} wide>
        <CreateSchedule onDone={() => setCreating(false)} />
      </Dialog>
    </>
  );
}

function Line({ schedule }: { schedule: Schedule }) {
  const {
    scheduleId,
    description,
    paused,
    note,
    nextTimesMs,
    recentFirings,
    startedCount,
    skippedCount,
    run,
  } = schedule;
  const [last] = recentFirings;
  return (
    <article className="schedule">
      <div className="schedule-what">
        <h2>
          <Link to="/schedules/$scheduleId" params={{ scheduleId }}>
            {scheduleId}
          </Link>
        </h2>
        <p className="small soft">
          {description || (run?.definition?.name ? `starts ${run.definition.name}` : "")}
          {paused === true && note ? ` · ${note}` : ""}
        </p>
      </div>
      <div className="schedule-when">
        <BadgeMark badge={paused === true ? activeOrPaused.paused : activeOrPaused.going} />
        <code>{timingText(schedule, clock)}</code>
      </div>
      <div className="small schedule-times">
        <span>
          <span className="soft">next</span>{" "}
          {paused === true || nextTimesMs.length === 0 ? "–" : <Moment atMs={nextTimesMs[0]} />}
        </span>
        <span>
          <span className="soft">last</span>{" "}
          {last === undefined ? (
            "never"
          ) : (
            <>
              {badgeOf(firingStates, last.result).label}, <Moment atMs={last.fireTimeMs ?? last.dueTimeMs} />
            </>
          )}
        </span>
        <span className="soft">
          {count(startedCount ?? 0)} started, {count(skippedCount ?? 0)} skipped
        </span>
      </div>
      <ScheduleActions schedule={schedule} />
    </article>
  );
}
