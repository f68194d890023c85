import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Budget, Mission, Participant } from "@tutti/rest/types";
import { lazy, Suspense, useCallback } from "react";
import { client } from "../../data/live.ts";
import { missionApprovalsQuery } from "../../data/queries.ts";
import { useLive } from "../../data/use-live.ts";
import { ItemPlaceholder } from "../../elements/item-view.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, Failure, Loading, Part, Tag } from "../../elements/parts.tsx";
import { SteeringActions } from "../../elements/steering-actions.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { useWindowTitle, WorkHead } from "../../elements/work-page.tsx";
import { Question } from "../inbox/question.tsx";
import { AboutView } from "./about-view.tsx";
import { BoardView } from "./board-view.tsx";
import { MessagesView } from "./messages-view.tsx";
import {
  actionsOf,
  actorOf,
  type BudgetLine,
  budgetLines,
  budgetText,
  hasEnded,
  titleOf,
  usageText,
} from "./mission.ts";
import { type MissionKnown, MissionStore } from "./mission-store.ts";
import "./missions.css";
import type { MissionView } from "./search.ts";
import { TasksView } from "./tasks-view.tsx";
import { VotesView } from "./votes-view.tsx";

const WorkTrace = lazy(() => import("../../run/trace/work-trace.tsx"));
const route = getRouteApi("/missions/$missionId");

/** The page of one mission, live: state, shared data, and actions. */
export function MissionPage() {
  const { missionId } = route.useParams();
  const known = useLive(
    missionId,
    (later) => new MissionStore(later),
    (signal) =>
      client.follow(
        "missions.watch",
        {
          params: { id: missionId },
          query: { withTasks: true, withEntries: true, withMessages: true, withVotes: true },
        },
        { signal },
      ),
  );
  useWindowTitle(missionId);
  const { mission, isComplete, problem } = known;
  if (mission !== undefined && isComplete)
    return (
      <>
        <Head mission={mission} />
        {problem === undefined ? null : (
          <Failure title="Disconnected" message={problem.message} code={problem.code} />
        )}
        {mission.trouble ? (
          <p className="mission-trouble tone-wrong" role="status">
            {mission.trouble}
          </p>
        ) : null}
        <Questions mission={mission} />
        <BudgetPart budget={mission.budget} />
        <Shared known={known} mission={mission} />
      </>
    );
  return <ItemPlaceholder kind="mission" id={missionId} problem={problem} />;
}

function Head({ mission }: { mission: Mission }) {
  const { missionId, status, statusReason, leader, parent } = mission;
  return (
    <WorkHead
      kind="mission"
      id={missionId}
      status={status}
      parent={parent}
      hasEnded={hasEnded(mission)}
      title={titleOf(mission) || missionId}
      by={actorOf(mission.createCause)}
      lifetime={mission}
      before={statusReason ? <span>{statusReason}</span> : null}
      actions={<SteeringActions of={{ kind: "missions", id: missionId }} actions={actionsOf(mission)} />}
    >
      {leader ? <span>led by {leader}</span> : null}
    </WorkHead>
  );
}

const refetchMs = 1_000;

/** Open questions to users. The mission may be newer than the list of questions, so the query polls until both agree. */
function Questions({ mission: { missionId, openApprovals = 0 } }: { mission: Mission }) {
  const { data } = useQuery({
    ...missionApprovalsQuery(missionId),
    enabled: openApprovals > 0,
    refetchInterval: ({ state }) => (state.data?.approvals.length === openApprovals ? false : refetchMs),
  });
  if (openApprovals === 0) return null;
  if (data === undefined) return <Loading label="questions" lines={3} />;
  return (
    <ul className="approvals mission-questions" aria-label="Approvals">
      {data.approvals.map((approval) => (
        <li key={approval.approvalId}>
          <Question approval={approval} />
        </li>
      ))}
    </ul>
  );
}

function Shared({ known, mission }: { known: MissionKnown; mission: Mission }) {
  const { view = "tasks", task = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const show = useCallback(
    (to: { view?: MissionView; task?: string }) => {
      void navigate({
        search: (before) => {
          const { view: nextView, task: open } = { ...before, ...to };
          return {
            ...(nextView === undefined || nextView === "tasks" ? {} : { view: nextView }),
            ...(open === undefined || open === "" ? {} : { task: open }),
          };
        },
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  const { tasks, entries, messages, votes } = known;
  const openVotes = mission.openVotes ?? 0;
  const tabs: readonly (readonly [MissionView, string])[] = [
    ["tasks", `Tasks ${count(tasks.length)}`],
    ["board", `Blackboard ${count(entries.length)}`],
    ["messages", `Messages ${count(messages.length)}`],
    ["votes", `Votes ${count(votes.length)}${openVotes > 0 ? `, ${openVotes} open` : ""}`],
    ["agents", `Agents ${count(mission.participants.length)}`],
    ["trace", "Trace"],
    ["about", "Definition"],
  ];
  const onTask = (id: string) => show({ task: id });
  return (
    <Tabs label="Shared state" tabs={tabs} current={view} onChange={(next) => show({ view: next, task: "" })}>
      {view === "tasks" ? <TasksView mission={mission} tasks={tasks} open={task} onOpen={onTask} /> : null}
      {view === "board" ? <BoardView entries={entries} /> : null}
      {view === "messages" ? <MessagesView messages={messages} /> : null}
      {view === "votes" ? <VotesView votes={votes} /> : null}
      {view === "agents" ? <AgentsView mission={mission} /> : null}
      {view === "trace" ? (
        <Suspense fallback={<Loading label="the trace" lines={8} />}>
          <WorkTrace
            kind="missions"
            id={mission.missionId ?? ""}
            title="mission"
            open={task}
            events={mission.eventCount ?? 0}
            createMs={mission.createTimeMs ?? 0}
            endMs={mission.endTimeMs ?? 0}
            taskIn={(id) => (tasks.some(({ spec }) => spec?.id === id) ? id : "")}
            onOpen={(id) => show({ view: "tasks", task: id })}
          />
        </Suspense>
      ) : null}
      {view === "about" ? <AboutView mission={mission} /> : null}
    </Tabs>
  );
}

/**
 * The budget of the mission: used, reserved and remaining amounts, as bars and in numbers. Renders nothing without a
 * limit or usage.
 */
function BudgetPart({ budget }: { budget: Budget | undefined }) {
  const lines = budgetLines(budget);
  if (lines.length === 0) return null;
  return (
    <Part title="Budget">
      <dl className="budget">
        {lines.map((line) => (
          <div key={line.name}>
            <dt>{line.name}</dt>
            <dd>
              <Bar line={line} />
              {budgetText(line)}
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

/** Decoration only, because the text next to it has the same values. */
function Bar({ line: { limit, used, reserved } }: { line: BudgetLine }) {
  if (limit === undefined) return null;
  const width = (amount: number) => ({ width: `${Math.min(100, (amount / limit) * 100)}%` });
  return (
    <span className="budget-bar" aria-hidden="true">
      <span className="tone-playing" style={width(used)} />
      <span className="budget-aside tone-playing" style={width(reserved)} />
    </span>
  );
}

const rowPx = 62;

/** The participants: role, current tasks and completed tasks. */
function AgentsView({ mission: { participants, leader } }: { mission: Mission }) {
  if (participants.length === 0)
    return <Empty title="No agents yet.">Agents join on their own or with their first task.</Empty>;
  return (
    <VirtualCards
      items={participants}
      keyOf={({ pool, agentId }) => `${pool} ${agentId}`}
      label="Agents"
      rowPx={rowPx}
      className="lines-of"
    >
      {(agent) => <Line agent={agent} leads={agent.agentId === leader} />}
    </VirtualCards>
  );
}

function Line({ agent, leads }: { agent: Participant; leads: boolean }) {
  const { agentId = "", pool, role = "", tasks = 0, done = 0, used, heardTimeMs } = agent;
  return (
    <div className="mission-agent">
      <span className="mission-agent-name">
        <strong>{agentId}</strong> {leads ? <Tag tone="held">leads</Tag> : null}{" "}
        {role === "" ? null : <Tag>{role}</Tag>}
      </span>
      <span className="small soft">{pool === "" ? "" : `pool ${pool}`}</span>
      <span className="small">
        {count(tasks)} running, {count(done)} completed
      </span>
      <span className="small soft">{usageText(used)}</span>
      <span className="small soft">
        heard <Moment atMs={heardTimeMs} />
      </span>
    </div>
  );
}
