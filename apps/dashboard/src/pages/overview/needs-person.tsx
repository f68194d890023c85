import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { processName } from "@tutti/rest/text";
import type { Agent, Approval, Incident, ListAgentsReply, ListRunsReply, Run } from "@tutti/rest/types";
import { type ReactNode, useMemo } from "react";
import { incidentsQuery } from "../../data/incident-queries.ts";
import { absentAgentsQuery, approvalsQuery, someRunsQuery, statusQuery } from "../../data/queries.ts";
import { nowMs } from "../../effects/time.ts";
import { Action } from "../../elements/action.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Loading, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { retryFailureReason } from "../../elements/repeating.ts";
import { commandLine } from "../../elements/spelled.ts";
import { BadgeMark } from "../../score/glyph.tsx";
import { agentStates, type Badge, badgeOf, incidentStates, runBadge, verdicts } from "../../score/states.ts";
import { alertText, inOrder } from "../incidents/incident.ts";
import { IncidentLink } from "../incidents/incident-link.tsx";
import { failureText } from "../runs/outcome.ts";
import type { RunsSearch } from "../runs/search.ts";
import { countText, type Trouble, troublesIn, withPausedTasks } from "./needs.ts";
import { workflowOf } from "./score-layout.ts";

const listedMax = 3;
const hourMs = 3_600_000;
const failedForHours = 24;
const noRuns: SomeRuns = { runs: [] };

type SomeRuns = Pick<ListRunsReply, "runs" | "nextToken">;

/** Work that continues only after a person acts, most urgent first. */
export function NeedsPerson() {
  const approvals = useQuery(approvalsQuery());
  const stopped = useQuery(someRunsQuery({ status: ["paused", "quarantined"] }, 20));
  const running = useQuery(someRunsQuery({ status: ["running"] }, 200));
  // Rounded to the hour, so that the query key stays the same for a while.
  const since = useMemo(() => (Math.floor(nowMs() / hourMs) - failedForHours) * hourMs, []);
  const failed = useQuery(someRunsQuery({ status: ["failed"], endedFromMs: since }, 20));
  const absent = useQuery(absentAgentsQuery());
  const status = useQuery(statusQuery());
  const incidents = useQuery(incidentsQuery());
  const unresolved = incidents.data?.filter((incident) => incident.status !== "resolved") ?? [];
  const troubles = troublesIn(status.data);
  const paused = withPausedTasks(running.data?.runs ?? []);
  // An empty list is only shown as empty after all lists have loaded.
  const isComplete = [stopped, running, failed, absent, status, incidents].every((list) => !list.isPending);
  return (
    <Part title="Needs attention" id="needs-person">
      <QueryView query={approvals} label="work that needs attention" lines={4}>
        {({ approvals: open }) => (
          <Lists
            isComplete={isComplete}
            approvals={open}
            stopped={stopped.data ?? noRuns}
            paused={paused}
            failed={failed.data ?? noRuns}
            absent={absent.data ?? { agents: [] }}
            troubles={troubles}
            incidents={inOrder(unresolved)}
          />
        )}
      </QueryView>
    </Part>
  );
}

function Lists(options: {
  isComplete: boolean;
  approvals: readonly Approval[];
  stopped: SomeRuns;
  paused: readonly Run[];
  failed: SomeRuns;
  absent: Pick<ListAgentsReply, "agents" | "nextToken">;
  troubles: readonly Trouble[];
  incidents: readonly Incident[];
}) {
  const { approvals, stopped, paused, failed, absent, troubles, incidents } = options;
  const { agents } = absent;
  const lists = [approvals, stopped.runs, paused, failed.runs, agents, troubles, incidents];
  if (lists.every((each) => each.length === 0))
    return options.isComplete ? (
      <Empty title="Nothing needs attention">No open incidents or approvals, no paused or failed runs.</Empty>
    ) : (
      <Loading label="work that needs attention" lines={4} />
    );
  return (
    <>
      <Group title="Components" many={troubles.length}>
        {troubles.slice(0, listedMax).map((trouble) => (
          <TroubleLine key={trouble.path} trouble={trouble} />
        ))}
      </Group>
      <Group title="Incidents" many={incidents.length} all={<Link to="/incidents">Show all incidents</Link>}>
        {incidents.slice(0, listedMax).map((incident) => (
          <IncidentLine key={`${incident.namespace} ${incident.incidentId}`} incident={incident} />
        ))}
      </Group>
      <Group title="Approvals" many={approvals.length} all={<Link to="/inbox">Show all approvals</Link>}>
        {approvals.slice(0, listedMax).map((approval) => (
          <ApprovalLine key={`${approval.about?.id} ${approval.approvalId}`} approval={approval} />
        ))}
      </Group>
      <Runs
        title="Paused runs"
        {...stopped}
        action={{ verb: "resume", label: "Resume run" }}
        all={{ search: { status: ["paused", "quarantined"] }, label: "Show all paused runs" }}
      />
      <Runs
        title="Runs with a paused task"
        runs={paused}
        action={{ verb: "resume", label: "Resume run" }}
        all={{ search: { person: true }, label: "Show all runs that need a person" }}
      />
      <Runs
        title="Failed runs, last 24 hours"
        {...failed}
        action={{ verb: "retry", label: "Retry run" }}
        all={{ search: { status: ["failed"] }, label: "Show all failed runs" }}
      />
      <Group
        title="Disconnected workers"
        many={agents.length}
        nextToken={absent.nextToken}
        all={<Link to="/workers">Show all workers</Link>}
      >
        {agents.slice(0, listedMax).map((agent) => (
          <AbsentLine key={`${agent.pool} ${agent.agentId}`} agent={agent} />
        ))}
      </Group>
    </>
  );
}

interface RunAction {
  readonly verb: "resume" | "retry";
  readonly label: string;
}

interface AllRuns {
  readonly search: RunsSearch;
  readonly label: string;
}

function Runs(options: SomeRuns & { title: string; action: RunAction; all: AllRuns }) {
  const { title, runs, nextToken, action, all } = options;
  const link = (
    <Link to="/runs" search={all.search}>
      {all.label}
    </Link>
  );
  return (
    <Group title={title} many={runs.length} nextToken={nextToken} all={link}>
      {runs.slice(0, listedMax).map((run) => (
        <RunLine key={run.runId} run={run} {...action} />
      ))}
    </Group>
  );
}

/** A group with its total number. It shows only some of the lines and links to the full page. */
function Group(options: {
  title: string;
  many: number;
  nextToken?: string | undefined;
  all?: ReactNode;
  children: ReactNode;
}) {
  const { title, many, nextToken, all, children } = options;
  if (many === 0) return null;
  return (
    <section className="needs-group">
      <h3>
        {title} <span className="soft">{countText(many, nextToken)}</span>
      </h3>
      <ul className="needs">
        {children}
        {many > listedMax && all !== undefined ? <li className="needs-more">{all}</li> : null}
      </ul>
    </section>
  );
}

function NeedLine(options: { badge: Badge; title: ReactNode; reason: ReactNode; act: ReactNode }) {
  return (
    <li className="need">
      <BadgeMark badge={options.badge} />
      <div className="need-what">
        <div className="clipped">{options.title}</div>
        <div className="small soft need-why">{options.reason}</div>
      </div>
      <div className="need-act">{options.act}</div>
    </li>
  );
}

function IncidentLine({ incident }: { incident: Incident }) {
  const { incidentId, namespace, title, status, severity, owner, startTimeMs } = incident;
  const incidentKey = { incidentId, namespace };
  return (
    <NeedLine
      badge={badgeOf(incidentStates, status)}
      title={processName(title || incidentId)}
      reason={
        <>
          {severity}, {alertText(incident)}, {owner || "no owner"}, <Moment atMs={startTimeMs} />
        </>
      }
      act={
        <IncidentLink {...incidentKey} isButton>
          Show incident
        </IncidentLink>
      }
    />
  );
}

function ApprovalLine({ approval }: { approval: Approval }) {
  const runId = approval.about?.id ?? "";
  return (
    <NeedLine
      badge={badgeOf(verdicts, "open")}
      title={approval.title || approval.approvalId}
      reason={
        <>
          requested by {runId}, <Moment atMs={approval.requestTimeMs} />
        </>
      }
      act={
        <Link to="/inbox" hash={`${runId}/${approval.approvalId}`} className="press">
          Decide
        </Link>
      }
    />
  );
}

function RunLine({ run, verb, label }: RunAction & { run: Run }) {
  const { runId } = run;
  const reason = run.statusReason || failureText(run);
  return (
    <NeedLine
      badge={runBadge(run.status, run.tasks)}
      title={
        <Link to="/runs/$runId" params={{ runId }}>
          {runId}
        </Link>
      }
      reason={
        <>
          {workflowOf(run)}, <Moment atMs={run.endTimeMs ?? run.createTimeMs} />
          {reason === "" ? null : `: ${reason}`}
        </>
      }
      act={
        retryFailureReason(run.outcome?.failed?.code) !== undefined ? (
          <Link to="/start" search={{ like: runId }} className="press">
            Start similar run
          </Link>
        ) : (
          <Action
            label={label}
            call={{ method: "POST", path: `/v1/runs/${encodeURIComponent(runId)}/${verb}`, body: {} }}
            command={commandLine("tutti", verb, runId)}
            doneText={`Run ${runId} ${verb === "retry" ? "retried" : "resumed"}.`}
          />
        )
      }
    />
  );
}

function AbsentLine({ agent }: { agent: Agent }) {
  return (
    <NeedLine
      badge={badgeOf(agentStates, agent.state)}
      title={`${agent.agentId ?? ""} in pool ${agent.pool ?? ""}`}
      reason={agent.stateReason || (agent.state === "gone" ? "Disconnected" : "")}
      act={
        <Link to="/workers" className="press">
          Show worker
        </Link>
      }
    />
  );
}

function TroubleLine({ trouble }: { trouble: Trouble }) {
  const badge: Badge = { label: trouble.state, glyph: "trill", tone: "wrong", live: true };
  return (
    <NeedLine
      badge={badge}
      title={trouble.path}
      reason={trouble.reason}
      act={
        <a className="press" href="/v1/status">
          Show status
        </a>
      }
    />
  );
}
