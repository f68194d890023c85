import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schedule } from "@tutti/rest/types";
import { schedulesQuery } from "../../data/queries.ts";
import { Moment } from "../../elements/moment.tsx";
import { clock, count } from "../../elements/moments.ts";
import { StarterLine, StartersPage } from "../../elements/starters.tsx";
import { badgeOf, firingStates } from "../../score/states.ts";
import { CreateSchedule } from "./create-schedule.tsx";
import { ScheduleActions } from "./schedule-actions.tsx";
import { timingText } from "./timing.ts";

/** All schedules. */
export function SchedulesPage() {
  return (
    <StartersPage
      kind="schedule"
      query={useQuery(schedulesQuery())}
      itemsOf={({ schedules }) => schedules}
      idOf={({ scheduleId }) => scheduleId}
      line={(schedule) => <Line schedule={schedule} />}
      form={(close) => <CreateSchedule onDone={close} />}
    />
  );
}

function Line({ schedule }: { schedule: Schedule }) {
  const { scheduleId, paused, nextTimesMs, recentFirings, startedCount, skippedCount } = schedule;
  const [last] = recentFirings;
  return (
    <StarterLine
      starter={schedule}
      name={
        <Link to="/schedules/$scheduleId" params={{ scheduleId }}>
          {scheduleId}
        </Link>
      }
      when={timingText(schedule, clock)}
      actions={<ScheduleActions schedule={schedule} />}
    >
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
    </StarterLine>
  );
}
