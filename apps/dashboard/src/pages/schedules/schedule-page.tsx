import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Schedule } from "@tutti/rest/types";
import { firingsQuery, scheduleQuery } from "../../data/queries.ts";
import { useNow } from "../../effects/use-now.ts";
import { ItemView } from "../../elements/item-view.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { clock, count, distance } from "../../elements/moments.ts";
import { Empty, Facts, PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { PausedBadge, RemoveStarter, RunLink, startsFact } from "../../elements/starters.tsx";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, firingStates } from "../../score/states.ts";
import { ScheduleActions, useScheduleRefresh } from "./schedule-actions.tsx";
import "./schedules.css";
import { overlaps, timingText } from "./timing.ts";

/** The page of one schedule: the next times, and the results of earlier ones. */
export function SchedulePage() {
  const { scheduleId } = useParams({ from: "/schedules/$scheduleId" });
  const query = useQuery(scheduleQuery(scheduleId));
  const refresh = useScheduleRefresh(scheduleId);
  useWindowTitle(scheduleId);
  return (
    <ItemView query={query} kind="schedule" id={scheduleId}>
      {(schedule) => (
        <>
          <PageHead
            title={scheduleId}
            below={schedule.description || <PausedBadge paused={schedule.paused} />}
            actions={
              <>
                <ScheduleActions schedule={schedule} />
                <RemoveStarter
                  kind="schedule"
                  id={scheduleId}
                  effect="No more runs start. Existing runs continue."
                  onRemoved={refresh}
                />
              </>
            }
          />
          <About schedule={schedule} />
          <Firings scheduleId={scheduleId} />
        </>
      )}
    </ItemView>
  );
}

function About({ schedule }: { schedule: Schedule }) {
  const nowMs = useNow();
  const { run, policy, paused, nextTimesMs, startedCount, skippedCount, note } = schedule;
  const overlap = overlaps.find(([value]) => value === (policy?.overlap ?? "skip"));
  return (
    <Part title="Settings">
      <Facts
        facts={[
          ["Fires", <code key="fires">{timingText(schedule, clock)}</code>],
          startsFact(run),
          ["Overlap", overlap?.[1] ?? "skip"],
          ["Started", count(startedCount ?? 0)],
          ["Skipped", count(skippedCount ?? 0)],
          ["Note", note || "–"],
        ]}
      />
      <h3 className="starter-under">Next times</h3>
      {paused === true || nextTimesMs.length === 0 ? (
        <p className="soft">{paused === true ? "Paused. No runs start." : "No further times."}</p>
      ) : (
        <ol className="next-times">
          {nextTimesMs.map((atMs) => (
            <li key={atMs}>
              {clock(atMs)} <span className="soft">{distance(atMs, nowMs)}</span>
            </li>
          ))}
        </ol>
      )}
      {run?.input === undefined || run.input === null ? null : (
        <>
          <h3 className="starter-under">Input of its runs</h3>
          <Json value={run.input} label="the input" />
        </>
      )}
    </Part>
  );
}

const firingTitles = ["Due", "Result", "Run", "Reason"];

function Firings({ scheduleId }: { scheduleId: string }) {
  const query = useQuery(firingsQuery(scheduleId));
  return (
    <Part title="Past firings">
      <QueryView query={query} label="past firings" lines={5}>
        {({ firings }) =>
          firings.length === 0 ? (
            <Empty title="No firings yet.">
              The first run starts at the next time, or with Start run now.
            </Empty>
          ) : (
            <ScrollTable label="Past firings" titles={firingTitles}>
              {firings.map(({ dueTimeMs, fireTimeMs, result, runId, message }) => (
                <tr key={`${dueTimeMs} ${fireTimeMs} ${runId}`}>
                  <td className="schedule-due">
                    <Moment atMs={dueTimeMs} />
                  </td>
                  <td>
                    <BadgeMark badge={badgeOf(firingStates, result)} />
                  </td>
                  <td>
                    <RunLink runId={runId} />
                  </td>
                  <td className="soft">{message}</td>
                </tr>
              ))}
            </ScrollTable>
          )
        }
      </QueryView>
    </Part>
  );
}
