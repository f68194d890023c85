import { getRouteApi } from "@tanstack/react-router";
import type { Session } from "@tutti/rest/types";
import { lazy, Suspense, useCallback } from "react";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { ItemPlaceholder } from "../../elements/item-view.tsx";
import { asSentence } from "../../elements/markdown.ts";
import { count, counted } from "../../elements/moments.ts";
import { Failure, Loading, Part } from "../../elements/parts.tsx";
import { SteeringActions } from "../../elements/steering-actions.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { useWindowTitle, WorkHead } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import { actorOf } from "../missions/mission.ts";
import { ChoicesView } from "./choices-view.tsx";
import { CompareView } from "./compare-view.tsx";
import { PerformancePart } from "./performance-part.tsx";
import { PlanPart } from "./plan-view.tsx";
import type { SessionView } from "./search.ts";
import { actionsOf, hasEnded, modeReason, titleOf } from "./session.ts";
import { type SessionKnown, SessionStore } from "./session-store.ts";
import "./sessions.css";
import { TaskDetail } from "./task-detail.tsx";
import { TasksView } from "./tasks-view.tsx";
import { VoiceMark } from "./voice-mark.tsx";
import { modeText } from "./voices.ts";

const GraphView = lazy(() => import("./graph-view.tsx"));
const WorkTrace = lazy(() => import("../../run/trace/work-trace.tsx"));
const route = getRouteApi("/sessions/$sessionId");

/** The page of one session, live: status, parts, modes, reasons, and performance. */
export function SessionPage() {
  const { sessionId } = route.useParams();
  const known = useLive(
    sessionId,
    (later) => new SessionStore(later),
    (signal) =>
      client.follow(
        "sessions.watch",
        { params: { id: sessionId }, query: { withTasks: true, withChoices: true } },
        { signal },
      ),
  );
  useWindowTitle(sessionId);
  const { session, isComplete, problem } = known;
  if (session !== undefined && isComplete)
    return (
      <>
        <Head session={session} />
        {problem === undefined ? null : (
          <Failure title="Disconnected" message={problem.message} code={problem.code} />
        )}
        <Ended session={session} />
        <PerformancePart session={session} />
        <PartsPart session={session} choices={known.choices} />
        <Views known={known} session={session} />
      </>
    );
  return <ItemPlaceholder kind="session" id={sessionId} problem={problem} />;
}

function Head({ session }: { session: Session }) {
  const { sessionId, status, statusReason, spec, effectiveMode, parent } = session;
  return (
    <WorkHead
      kind="session"
      id={sessionId}
      status={status}
      parent={parent}
      hasEnded={hasEnded(session)}
      title={titleOf(session) || sessionId}
      by={actorOf(session.createCause)}
      lifetime={session}
      before={
        <>
          <span>
            <VoiceMark mode={effectiveMode ?? spec?.mode} alone /> {modeText(spec?.mode, effectiveMode)}
          </span>
          {statusReason ? <span>{statusReason}</span> : null}
        </>
      }
      actions={<SteeringActions of={{ kind: "sessions", id: sessionId }} actions={actionsOf(session)} />}
    />
  );
}

function Ended({ session: { outcome } }: { session: Session }) {
  const error = outcome?.failed ?? outcome?.terminated ?? outcome?.cancelled;
  if (error === undefined) return null;
  return (
    <p className="session-failed tone-wrong" role="status">
      {error.message} <code>{error.code}</code>
    </p>
  );
}

function Views({ known, session }: { known: SessionKnown; session: Session }) {
  const { view = "graph", task = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const show = useCallback(
    (to: { view?: SessionView; task?: string }) => {
      void navigate({
        search: (before) => {
          const { view: nextView, task: open } = { ...before, ...to };
          return {
            ...(nextView === undefined || nextView === "graph" ? {} : { view: nextView }),
            ...(open === undefined || open === "" ? {} : { task: open }),
          };
        },
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  const onTask = useCallback((id: string) => show({ task: id }), [show]);
  const { tasks, choices, moves } = known;
  const tabs: readonly (readonly [SessionView, string])[] = [
    ["graph", "Graph"],
    ["plan", "Plan and actual"],
    ["choices", `Choices ${count(choices.length)}`],
    ["compare", "Other modes"],
    ["tasks", `Tasks ${count(tasks.length)}`],
    ["trace", "Trace"],
  ];
  const opened = task === "" ? undefined : tasks.find(({ spec }) => spec?.id === task);
  return (
    <>
      <Tabs label="Views" tabs={tabs} current={view} onChange={(next) => show({ view: next })}>
        {view === "graph" ? (
          <Suspense fallback={<Loading label="the graph" lines={8} />}>
            <GraphView session={session} tasks={tasks} moves={moves} open={task} onOpen={onTask} />
          </Suspense>
        ) : null}
        {view === "plan" ? <PlanPart session={session} onOpen={onTask} /> : null}
        {view === "choices" ? <ChoicesView choices={choices} /> : null}
        {view === "compare" ? <CompareView session={session} /> : null}
        {view === "trace" ? (
          <Suspense fallback={<Loading label="the trace" lines={8} />}>
            <WorkTrace
              kind="sessions"
              id={session.sessionId ?? ""}
              title="session"
              open={task}
              events={session.eventCount ?? 0}
              createMs={session.createTimeMs ?? 0}
              endMs={session.endTimeMs ?? 0}
              taskIn={(id) => taskOfSession(id, tasks)}
              onOpen={onTask}
            />
          </Suspense>
        ) : null}
        {view === "tasks" ? <TasksView session={session} tasks={tasks} onOpen={onTask} /> : null}
      </Tabs>
      <TaskDetail session={session} task={opened} onClose={() => show({ task: "" })} onTask={onTask} />
    </>
  );
}

/** Maps `p1/pack` to the task `pack` in the work of a part. Deeper ids belong to other work. */
function taskOfSession(id: string, tasks: SessionKnown["tasks"]): string {
  const own = /^[^/]+\/(?<task>.+)$/.exec(id)?.groups?.["task"] ?? "";
  return own !== "" && tasks.some(({ spec }) => spec?.id === own) ? own : "";
}

/** The parts of the session, each with its mode and the reason. */
function PartsPart({ session, choices }: { session: Session; choices: SessionKnown["choices"] }) {
  const { parts } = session;
  if (parts.length === 0) return null;
  return (
    <Part title={parts.length === 1 ? "Mode" : "Parts"}>
      <p>{modeReason(session, choices)}</p>
      <ul className="session-parts">
        {parts.map(({ partId = "", mode, work, status, taskIds, taskCount, reason }) => (
          <li key={partId}>
            <VoiceMark mode={mode} />
            <span className="small">
              {parts.length > 1 ? (
                <>
                  part <code>{partId}</code>,{" "}
                </>
              ) : null}
              {counted(taskCount ?? taskIds.length, "task")}
            </span>
            <BadgeMark badge={badgeOf(runStates, status)} />
            <span className="small">
              {work === undefined ? null : (
                <>
                  {work.kind} <WorkLink about={work} />
                </>
              )}
            </span>
            {reason && parts.length > 1 ? (
              <span className="small soft session-part-why">{asSentence(reason)}</span>
            ) : null}
          </li>
        ))}
      </ul>
    </Part>
  );
}
