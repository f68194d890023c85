import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { Schedule } from "@tutti/rest/types";
import { useState } from "react";
import { firingsQuery, scheduleQuery } from "../../data/queries.ts";
import { useNow } from "../../effects/use-now.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { ItemView } from "../../elements/item-view.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { clock, count, distance } from "../../elements/moments.ts";
import { Empty, Facts, PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { activeOrPaused, badgeOf, firingStates } from "../../score/states.ts";
import { ScheduleActions } from "./schedule-actions.tsx";
import "./schedules.css";
import { overlaps, timingText } from "./timing.ts";

/** The page of one schedule: the next times, and the results of earlier ones. */
export function SchedulePage() {
  const { scheduleId } = useParams({ from: "/schedules/$scheduleId" });
  const query = useQuery(scheduleQuery(scheduleId));
  useWindowTitle(scheduleId);
  return (
    <ItemView query={query} kind="schedule" id={scheduleId}>
      {(schedule) => (
        <>
          <PageHead
            title={scheduleId}
            below={
              schedule.description || (
                <BadgeMark badge={schedule.paused === true ? activeOrPaused.paused : activeOrPaused.going} />
              )
            }
            actions={
              <>
                <ScheduleActions schedule={schedule} />
                <Remove scheduleId={scheduleId} />
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
  const workflow = run?.definition?.name;
  const overlap = overlaps.find(([value]) => value === (policy?.overlap ?? "skip"));
  return (
    <Part title="Settings">
      <Facts
        facts={[
          ["Fires", <code key="fires">{timingText(schedule, clock)}</code>],
          [
            "Starts",
            workflow === undefined ? (
              "tasks"
            ) : (
              <Link key="starts" to="/workflows/$name" params={{ name: workflow }}>
                {workflow}
              </Link>
            ),
          ],
          ["Overlap", overlap?.[1] ?? "skip"],
          ["Started", count(startedCount ?? 0)],
          ["Skipped", count(skippedCount ?? 0)],
          ["Note", note || "–"],
        ]}
      />
      <h3 className="schedule-next">Next times</h3>
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
          <h3 className="schedule-next">Input of its runs</h3>
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
                    {runId ? (
                      <Link to="/runs/$runId" params={{ runId }}>
                        {runId}
                      </Link>
                    ) : (
                      "–"
                    )}
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

function Remove({ scheduleId }: { scheduleId: string }) {
  const [confirming, setConfirming] = useState(false);
  const navigate = useNavigate();
  return (
    <>
      <button type="button" className="press" onClick={() => setConfirming(true)}>
        Remove schedule …
      </button>
      <Dialog title={`Remove ${scheduleId}`} open={confirming} onClose={() => setConfirming(false)}>
        <p>No more runs start. Existing runs continue.</p>
        <div className="dialog-foot">
          <button type="button" className="press" onClick={() => setConfirming(false)}>
            Keep it
          </button>
          <Action
            label="Remove schedule"
            weight="grave"
            call={{ method: "DELETE", path: `/v1/schedules/${encodeURIComponent(scheduleId)}` }}
            command={commandLine("tutti", "schedule", "delete", scheduleId)}
            doneText={`Removed ${scheduleId}.`}
            onDone={() => void navigate({ to: "/schedules" })}
          />
        </div>
      </Dialog>
    </>
  );
}
