import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Agent, Approval, Run } from "@tutti/rest/types";
import { type ReactNode, useMemo } from "react";
import { absentAgentsQuery, approvalsQuery, someRunsQuery, statusQuery } from "../../data/queries.ts";
import { nowMs } from "../../effects/time.ts";
import { Action } from "../../elements/action.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { StandMark } from "../../score/glyph.tsx";
import { agentStates, runStates, type Stand, standOf, verdicts } from "../../score/states.ts";
import { whatFailed } from "../runs/outcome.ts";
import { type Trouble, troublesIn } from "./needs.ts";
import { workflowOf } from "./score-layout.ts";

const shown = 3;
const hourMs = 3_600_000;
/** What failed before is history. */
const failedForHours = 24;

/** What goes on only when a person does something, most urgent first. */
export function NeedsPerson() {
  const approvals = useQuery(approvalsQuery());
  const stopped = useQuery(someRunsQuery({ status: ["paused", "quarantined"] }, 20));
  // To the hour, so that it is the same question for a while.
  const since = useMemo(() => (Math.floor(nowMs() / hourMs) - failedForHours) * hourMs, []);
  const failed = useQuery(someRunsQuery({ status: ["failed"], endedFromMs: since }, 20));
  const absent = useQuery(absentAgentsQuery());
  const status = useQuery(statusQuery());
  const troubles = troublesIn(status.data);
  return (
    <Part title="Needs a person" id="needs-person">
      <Shown query={approvals} what="what needs a person" lines={4}>
        {(open) => (
          <Lists
            approvals={open.approvals}
            stopped={stopped.data?.runs ?? []}
            failed={failed.data?.runs ?? []}
            absent={absent.data?.agents ?? []}
            troubles={troubles}
          />
        )}
      </Shown>
    </Part>
  );
}

function Lists(options: {
  approvals: readonly Approval[];
  stopped: readonly Run[];
  failed: readonly Run[];
  absent: readonly Agent[];
  troubles: readonly Trouble[];
}) {
  const { approvals, stopped, failed, absent, troubles } = options;
  if ([approvals, stopped, failed, absent, troubles].every((each) => each.length === 0))
    return <Empty title="Nothing waits for you">Everything goes on by itself.</Empty>;
  return (
    <ul className="needs">
      {troubles.slice(0, shown).map((trouble) => (
        <TroubleLine key={trouble.path} trouble={trouble} />
      ))}
      {approvals.slice(0, shown).map((approval) => (
        <ApprovalLine key={`${approval.about?.id} ${approval.approvalId}`} approval={approval} />
      ))}
      {stopped.slice(0, shown).map((run) => (
        <RunLine key={run.runId} run={run} verb="resume" label="Resume" />
      ))}
      {failed.slice(0, shown).map((run) => (
        <RunLine key={run.runId} run={run} verb="retry" label="Retry" />
      ))}
      {absent.slice(0, shown).map((agent) => (
        <AbsentLine key={`${agent.pool} ${agent.agentId}`} agent={agent} />
      ))}
      <More approvals={approvals.length} stopped={stopped.length} failed={failed.length} />
    </ul>
  );
}

function More({ approvals, stopped, failed }: { approvals: number; stopped: number; failed: number }) {
  if (Math.max(approvals, stopped, failed) <= shown) return null;
  return (
    <li className="needs-more">
      {approvals > shown ? <Link to="/approvals">All {counted(approvals, "approval")}</Link> : null}
      {stopped > shown ? (
        <Link to="/runs" search={{ status: ["paused", "quarantined"] }}>
          All paused runs
        </Link>
      ) : null}
      {failed > shown ? (
        <Link to="/runs" search={{ status: ["failed"] }}>
          All failed runs
        </Link>
      ) : null}
    </li>
  );
}

function NeedLine(options: { stand: Stand; what: ReactNode; why: ReactNode; act: ReactNode }) {
  return (
    <li className="need">
      <StandMark stand={options.stand} />
      <div className="need-what">
        <div className="clipped">{options.what}</div>
        <div className="small soft need-why">{options.why}</div>
      </div>
      <div className="need-act">{options.act}</div>
    </li>
  );
}

function ApprovalLine({ approval }: { approval: Approval }) {
  const runId = approval.about?.id ?? "";
  return (
    <NeedLine
      stand={standOf(verdicts, "open")}
      what={approval.title || approval.approvalId}
      why={
        <>
          asked by {runId} <Moment atMs={approval.requestTimeMs} />
        </>
      }
      act={
        <Link to="/approvals" hash={`${runId}/${approval.approvalId}`} className="press">
          Decide
        </Link>
      }
    />
  );
}

function RunLine({ run, verb, label }: { run: Run; verb: "resume" | "retry"; label: string }) {
  const { runId } = run;
  return (
    <NeedLine
      stand={standOf(runStates, run.status)}
      what={
        <>
          <Link to="/runs/$runId" params={{ runId }}>
            {runId}
          </Link>{" "}
          <span className="soft">{workflowOf(run)}</span>
        </>
      }
      why={run.statusReason || whatFailed(run) || <Moment atMs={run.endTimeMs ?? run.createTimeMs} />}
      act={
        <Action
          label={label}
          call={{ method: "POST", path: `/v1/runs/${encodeURIComponent(runId)}/${verb}`, body: {} }}
          command={commandLine("tutti", verb, runId)}
          said={`${runId}: ${verb === "retry" ? "is tried again" : "goes on"}`}
        />
      }
    />
  );
}

function AbsentLine({ agent }: { agent: Agent }) {
  return (
    <NeedLine
      stand={standOf(agentStates, agent.state)}
      what={`${agent.agentId ?? ""} in pool ${agent.pool ?? ""}`}
      why={
        agent.stateReason || (agent.state === "gone" ? "It said good-bye or was not heard for too long" : "")
      }
      act={
        <Link to="/workers" className="press">
          Look
        </Link>
      }
    />
  );
}

function TroubleLine({ trouble }: { trouble: Trouble }) {
  const stand: Stand = { word: trouble.state, glyph: "trill", tone: "wrong", live: true };
  return (
    <NeedLine
      stand={stand}
      what={trouble.path}
      why={trouble.reason}
      act={
        <a className="press" href="/v1/status">
          Look
        </a>
      }
    />
  );
}
