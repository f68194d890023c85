import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ListRunsReply } from "@tutti/rest/types";
import { lazy, Suspense, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { read } from "../data/queries.ts";
import { useNow } from "../effects/use-now.ts";
import { ItemPlaceholder } from "../elements/item-view.tsx";
import { span } from "../elements/moments.ts";
import { Empty, Loading } from "../elements/parts.tsx";
import { pathOf } from "../elements/spelled.ts";
import { Tabs } from "../elements/tabs.tsx";
import { useWindowTitle, WorkHead } from "../elements/work-page.tsx";
import { isTyping } from "../shell/keys.ts";
import { useIsNarrow } from "../shell/use-is-narrow.ts";
import { RunActions } from "./actions/run-actions.tsx";
import { Approvals } from "./approve/approvals.tsx";
import { CountsBar } from "./counts-bar.tsx";
import { HistoryView } from "./history/history-view.tsx";
import { RunProvider, useHistory, useRunHandle, useStore } from "./live/run-context.tsx";
import { useAddress, useGo, type View } from "./live/use-address.ts";
import type { RunFacts } from "./model/facts.ts";
import { hasRunEnded } from "./model/task-state.ts";
import { TimeSlider } from "./past/time-slider.tsx";
import { type TimeTravel, useTimeTravel } from "./past/use-time-travel.ts";
import { stayAt, trailOf } from "./states/trail.ts";
import { ExplanationView, StuckReason } from "./task/explanation-view.tsx";
import { FailedParts } from "./task/failed-parts.tsx";
import { Failing } from "./task/failing.tsx";
import { TaskPanel } from "./task/task-panel.tsx";
import { ChartView } from "./time/chart-view.tsx";
import { type Timeline, useTimeline } from "./time/use-timeline.ts";
import { Trace } from "./trace/trace.tsx";
import { TrajectoryView } from "./trajectory/trajectory-view.tsx";
import { ValuesView } from "./values-view.tsx";
import "./run.css";

// The graph includes its large library, so the rest of the page does not wait for it. It loads while the run is being
// fetched.
const graphView = import("./graph/graph-view.tsx");
const GraphView = lazy(() => graphView);

/** The page of one run: its state, its history, and the actions on it. */
export function RunPage() {
  const { runId } = useAddress();
  return (
    <RunProvider key={runId} runId={runId}>
      <RunScreen />
    </RunProvider>
  );
}

function RunScreen() {
  const { runId, store, follow } = useRunHandle();
  const run = useStore((each) => each.run);
  const problem = useStore((each) => each.problem);
  // Events of the bus invalidate this query. If an ended run was resumed, the page follows the run again.
  const streamStatus = useStore((each) => each.streamStatus);
  const latest = useQuery({ ...lineQuery(runId), enabled: streamStatus === "ended" });
  const hasMoved = (latest.data ?? 0) > (run?.eventCount ?? 0);
  useEffect(() => {
    if (streamStatus === "ended" && hasMoved) follow();
  }, [streamStatus, hasMoved, follow]);
  useWindowTitle(runId);
  if (run === undefined)
    return (
      <ItemPlaceholder
        kind="run"
        id={runId}
        problem={problem}
        onRetry={follow}
        below={
          problem === undefined && store.streamStatus === "broken"
            ? "The platform does not answer."
            : undefined
        }
      />
    );
  return <Known run={run} />;
}

/** Reads the number of events of a run from the list of runs, which omits values because they may be large. */
const lineQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId, "line"],
    queryFn: async ({ signal }) => {
      const path = pathOf(["runs"], { runId, size: 1 });
      const { runs = [] } = await read<Partial<ListRunsReply>>(path, signal);
      return runs[0]?.eventCount ?? 0;
    },
  });

function Known({ run }: { run: RunFacts }) {
  const travel = useTimeTravel();
  const { view, task, event } = useAddress();
  const go = useGo();
  const isNarrow = useIsNarrow();
  // Agents are durable functions.
  const hasFunctions = useStore(({ table }) => table.tasks.some(({ kind }) => kind === "function"));
  useRunKeys(travel);
  const visibleView: View = view === "task" && (task === "" || !isNarrow) ? "graph" : view;
  const timeline = useTimeline(visibleView === "chart" || visibleView === "trace");
  const last = useRef("");
  // On a phone, the task has a view of its own. Selecting a task opens that view.
  useEffect(() => {
    if (isNarrow && task !== "" && task !== last.current) go({ view: "task" });
    last.current = task;
  }, [isNarrow, task, go]);
  const tabs: (readonly [View, string])[] = [
    ["graph", "Graph"],
    ["chart", "Chart"],
    ["trace", "Trace"],
    ["history", "History"],
    ...(hasFunctions || visibleView === "trajectory" ? ([["trajectory", "Trajectory"]] as const) : []),
    ["values", "Values"],
  ];
  if (isNarrow && task !== "") tabs.push(["task", "Task"]);
  return (
    <>
      <Head run={run} travel={travel} />
      {travel.isPast ? null : <Approvals run={run} except={task} />}
      {!travel.isPast && run.failure !== undefined ? <Failing failure={run.failure} /> : null}
      {!travel.isPast && task === "" && hasRunEnded(run.state) ? <FailedParts run={run} within="" /> : null}
      {!travel.isPast && (run.state === "pending" || run.state === "paused") ? (
        <ExplanationView run={run} taskId="" stamp={`${run.state} ${run.eventCount}`} />
      ) : null}
      {!travel.isPast && run.state === "running" && task === "" ? <StuckReason /> : null}
      <TimeSlider travel={travel} />
      {run.kind === "states" ? <StatesTrail /> : null}
      <CountsBar />
      <div className={task !== "" && !isNarrow ? "run-stage with-panel" : "run-stage"}>
        <Tabs
          label="Views of the run"
          tabs={tabs}
          current={visibleView}
          onChange={(next) => go({ view: next })}
        >
          <RunView view={visibleView} run={run} task={task} event={event} timeline={timeline} />
        </Tabs>
        {task !== "" && !isNarrow ? <TaskPanel taskId={task} event={event} /> : null}
      </div>
    </>
  );
}

interface RunViewOptions {
  view: View;
  run: RunFacts;
  task: string;
  event: number | undefined;
  timeline: ReturnType<typeof useTimeline>;
}

function RunView({ view, run, task, event, timeline }: RunViewOptions) {
  const hasTasks = useStore(({ table }) => table.size > 0);
  const streamStatus = useStore((each) => each.streamStatus);
  switch (view) {
    case "task":
      return <TaskPanel taskId={task} event={event} />;
    case "chart":
      return <ChartView spans={timeline.spans} critical={timeline.critical} selected={task} />;
    case "trace":
      return <TraceView timeline={timeline} selected={task} />;
    case "history":
      return <HistoryView task={task} />;
    case "trajectory":
      return <TrajectoryView />;
    case "values":
      return <ValuesView run={run} />;
    case "graph":
      if (!hasTasks)
        return streamStatus === "connecting" ? (
          <Loading label="the tasks" lines={8} />
        ) : (
          <Empty title="No tasks yet">
            <p>A state machine has tasks only for its actions. See the history.</p>
          </Empty>
        );
      return (
        <Suspense fallback={<Loading label="the graph" lines={8} />}>
          <GraphView selected={task} critical={timeline.critical} />
        </Suspense>
      );
  }
}

function Head({ run, travel }: { run: RunFacts; travel: TimeTravel }) {
  const state = useStore((each) => each.runState);
  const streamStatus = useStore((each) => each.streamStatus);
  const { history } = useRunHandle();
  useSyncExternalStore(history.subscribe, () => history.version);
  // If the run does not name its starter, the first event does.
  const by = run.startedBy ?? history.events[0]?.actor;
  return (
    <WorkHead
      kind="run"
      id={run.id}
      status={state}
      parent={run.parent}
      hasEnded={hasRunEnded(run.state)}
      {...(travel.isPast ? {} : { tasks: run.counts })}
      title={run.definition === "" ? "Tasks without a workflow" : run.definition}
      by={by?.id ?? ""}
      lifetime={{ createTimeMs: run.createMs, endTimeMs: run.endMs }}
      actions={travel.isPast ? undefined : <RunActions run={run} />}
    >
      {run.states.length > 0 ? <span>in the state {run.states.join(", ")}</span> : null}
      {run.definition === "" ? null : (
        <Link to="/workflows/$name" params={{ name: run.definition }}>
          workflow
        </Link>
      )}
      {run.continuedAs === undefined ? null : (
        <Link to="/runs/$runId" params={{ runId: run.continuedAs.id }}>
          continued as {run.continuedAs.id}
        </Link>
      )}
      {streamStatus === "broken" ? (
        <span className="tone-wrong run-away">disconnected, reconnecting</span>
      ) : null}
    </WorkHead>
  );
}

/** Keyboard shortcuts of this page: `[` and `]` step through the history, Escape closes open elements. */
function useRunKeys(travel: TimeTravel): void {
  const { task } = useAddress();
  const go = useGo();
  const act = useRef<(event: KeyboardEvent) => void>(() => {});
  act.current = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(document.activeElement)) return;
    if (document.querySelector("dialog[open], [popover]:popover-open") !== null) return;
    if (event.key === "[") travel.step(-1);
    else if (event.key === "]") travel.step(1);
    else if (event.key === "Escape" && task !== "") {
      go({ task: "", view: undefined });
      document.querySelector<HTMLElement>(`[data-task="${CSS.escape(task)}"]`)?.focus();
    } else if (event.key === "Escape" && travel.isPast) travel.present();
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    const listen = (event: KeyboardEvent) => act.current(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

/** Maximum number of shown states. The history has all of them. */
const staysMax = 24;

/** The states of the run in order. A click on a state moves to the time at which it started. */
function StatesTrail() {
  const history = useHistory();
  const go = useGo();
  const nowMs = useNow();
  const endMs = useStore(({ run }) => run?.endMs ?? 0);
  const past = useStore((store) => store.past);
  const { events, version } = history;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version changes with new events
  const trail = useMemo(() => trailOf(events, endMs), [version, endMs]);
  if (trail.length === 0) return null;
  const at = stayAt(trail, past?.event);
  const hidden = Math.max(0, trail.length - staysMax);
  return (
    <section className="run-states">
      {hidden > 0 ? <span className="small soft">{hidden} earlier states</span> : null}
      <ol aria-label="States">
        {trail.slice(hidden).map(({ state, event, fromMs, untilMs, transition }, place) => (
          <li key={event} {...(hidden + place === at ? { "aria-current": "step" as const } : {})}>
            {transition === "" ? null : <span className="run-stay-way">{transition}</span>}
            <button type="button" className="run-stay" onClick={() => go({ event })}>
              <strong>{state}</strong> <span className="small soft">{span((untilMs || nowMs) - fromMs)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The trace of the current run. */
function TraceView({ timeline, selected }: { timeline: Timeline; selected: string }) {
  const { store } = useRunHandle();
  const go = useGo();
  const version = useStore(({ table }) => table.version);
  const run = useStore((each) => each.run);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table stays the same object, its version changes
  const tasks = useMemo(() => [...store.table.tasks], [store, version]);
  return (
    <Trace
      {...timeline}
      title="run"
      tasks={tasks}
      selected={selected}
      createMs={run?.createMs ?? 0}
      endMs={run !== undefined && hasRunEnded(run.state) ? run.endMs : 0}
      taskIn={(task) => (store.table.places.has(task) ? task : "")}
      onTask={(task) => go({ task })}
    />
  );
}
