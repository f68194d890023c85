import { useQuery } from "@tanstack/react-query";
import type { PlanView as Plan, Session } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { planQuery } from "../../data/queries.ts";
import { useNow } from "../../effects/use-now.ts";
import { count, span } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { axisOf, type Bar, type PlanAxis, type PlanRow, planRows, ticksOf } from "./plan.ts";
import { hasEnded, lateText, modesOfParts } from "./session.ts";
import { VoiceMark } from "./voice-mark.tsx";
import { voiceOf } from "./voices.ts";

const rowPx = 44;

/** Plan and reality: planned and actual times of each task. */
export function PlanPart({ session, onOpen }: { session: Session; onOpen: (taskId: string) => void }) {
  const [number, setNumber] = useState(0);
  const { sessionId, eventCount } = session;
  // The previous plan stays visible until the next one has loaded.
  const query = useQuery({
    ...planQuery(sessionId, number, eventCount ?? 0),
    placeholderData: (before) => before,
  });
  return (
    <QueryView query={query} label="the plan" lines={8}>
      {({ plan, count: plans = 0 }) =>
        plan === undefined || plan.tasks.length === 0 ? (
          <Empty title="No plan yet.">The mode needs no plan, or planning is in progress.</Empty>
        ) : (
          <>
            <Which plan={plan} plans={plans} onChange={setNumber} />
            <Chart session={session} plan={plan} onOpen={onOpen} />
          </>
        )
      }
    </QueryView>
  );
}

function Which(options: { plan: Plan; plans: number; onChange: (number: number) => void }) {
  const { plan, plans, onChange } = options;
  const { number = 0, reason, lowerBoundMs = 0 } = plan;
  return (
    <div className="session-plan-which">
      <p>
        <strong>
          {number === 0 ? "Actual, without a plan" : `Plan ${count(number)} of ${count(plans)}`}
        </strong>
        {reason ? `: ${reason}` : ""}
        {lowerBoundMs > 0 ? (
          <span className="small soft"> Lower bound: {span(lowerBoundMs)} with expected durations.</span>
        ) : null}
      </p>
      {plans > 1 ? (
        <div className="session-plan-step">
          <button type="button" className="press" disabled={number <= 1} onClick={() => onChange(number - 1)}>
            Previous plan
          </button>
          <button
            type="button"
            className="press"
            disabled={number >= plans}
            onClick={() => onChange(number + 1 >= plans ? 0 : number + 1)}
          >
            Next plan
          </button>
        </div>
      ) : null}
    </div>
  );
}

const ticksMost = 6;

function Chart(options: { session: Session; plan: Plan; onOpen: (taskId: string) => void }) {
  const { session, plan, onOpen } = options;
  const nowMs = useNow();
  // An ended session needs no redraw.
  const momentMs = hasEnded(session) ? (session.endTimeMs ?? 0) : nowMs;
  const { axis, rows } = useMemo(() => {
    const found = axisOf(plan, momentMs);
    return { axis: found, rows: planRows(plan.tasks, found, momentMs) };
  }, [plan, momentMs]);
  const modes = useMemo(() => modesOfParts(session), [session]);
  return (
    <>
      <p className="small soft session-plan-key">
        <span className="session-plan-sample planned" aria-hidden="true" /> planned{" "}
        <span className="session-plan-sample real" aria-hidden="true" /> actual, critical path underlined
      </p>
      <Ticks axis={axis} />
      <VirtualCards items={rows} keyOf={({ id }) => id} label="Plan" rowPx={rowPx} className="session-plan">
        {(row) => (
          <div className="session-plan-row">
            <span className="session-plan-name">
              <VoiceMark mode={modes.get(row.partId)} alone />
              <button
                type="button"
                className={`text-link clipped${row.isCritical ? " critical" : ""}`}
                onClick={() => onOpen(row.id)}
              >
                {row.id}
              </button>
            </span>
            <span className="session-plan-bars" aria-hidden="true">
              <BarOf bar={row.planned} kind="planned" />
              <BarOf bar={row.real} kind={`real voice-${voiceOf(modes.get(row.partId)).name}`} />
            </span>
            <span className="small soft session-plan-said">{rowText(row)}</span>
          </div>
        )}
      </VirtualCards>
    </>
  );
}

function BarOf({ bar, kind }: { bar: Bar | undefined; kind: string }) {
  if (bar === undefined) return <span className="session-plan-none" />;
  return (
    <span
      className={`session-plan-bar ${kind}`}
      style={{ marginInlineStart: `${bar.from * 100}%`, width: `max(2px, ${bar.width * 100}%)` }}
    />
  );
}

function Ticks({ axis }: { axis: PlanAxis }) {
  const durationMs = axis.endMs - axis.startMs;
  return (
    <div className="session-plan-axis small soft" aria-hidden="true">
      {ticksOf(axis, ticksMost).map((ms) => (
        <span key={ms} style={{ insetInlineStart: `${(ms / durationMs) * 100}%` }}>
          {span(ms)}
        </span>
      ))}
    </div>
  );
}

function rowText({ agent, plannedAgent, lateMs, isOver, real }: PlanRow): string {
  const assignee = agent === "" ? plannedAgent : agent;
  const instead =
    agent !== "" && plannedAgent !== "" && agent !== plannedAgent ? ` instead of ${plannedAgent}` : "";
  const when = real === undefined ? "not started" : isOver || lateMs > 0 ? lateText(lateMs) : "running";
  return [when, assignee === "" ? "" : `${assignee}${instead}`].filter(Boolean).join(", ");
}
