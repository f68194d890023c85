import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { processName } from "@tutti/rest/text";
import type { Incident } from "@tutti/rest/types";
import { installationNamespace } from "../../data/in-namespace.ts";
import { incidentQuery } from "../../data/incident-queries.ts";
import { currentNamespace } from "../../effects/namespace.ts";
import { Causes } from "../../elements/causes.tsx";
import { Copy } from "../../elements/copy.tsx";
import { ItemView } from "../../elements/item-view.tsx";
import { Lasting, Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Facts, Failure, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, incidentStates } from "../../score/states.ts";
import { FiringAlerts } from "./firing-alerts.tsx";
import { affectedOf, alertText, severityTone } from "./incident.ts";
import { IncidentActions } from "./incident-actions.tsx";
import { PostMortem } from "./post-mortem.tsx";
import { Repairs } from "./repairs.tsx";
import { Timeline } from "./timeline.tsx";
import "./incidents.css";
import { useState } from "react";
import { WorkLink } from "../../elements/work-link.tsx";

/** The page of one incident: state, repairs, causes, affected work, and timeline. */
export function IncidentPage() {
  const { incidentId } = useParams({ from: "/incidents/$incidentId" });
  const { of = currentNamespace() } = useSearch({ from: "/incidents/$incidentId" });
  const query = useQuery(incidentQuery(incidentId, of));
  useWindowTitle(query.data?.title || incidentId);
  return (
    <ItemView query={query} kind="incident" id={incidentId}>
      {(incident) => <IncidentContent incident={incident} namespace={of} />}
    </ItemView>
  );
}

function IncidentContent({ incident, namespace }: { incident: Incident; namespace: string }) {
  const { title, incidentId, status, problem } = incident;
  return (
    <>
      <PageHead
        title={
          <>
            {processName(title || incidentId)}{" "}
            <span className="work-head-state">
              <BadgeMark badge={badgeOf(incidentStates, status)} />
            </span>
          </>
        }
        below={<Below incident={incident} namespace={namespace} />}
        actions={<IncidentActions incident={incident} namespace={namespace} />}
      />
      {problem ? <Failure title="Causes and failed work cannot be shown" message={problem} /> : null}
      <div className="incident-columns">
        <div>
          <Affected incident={incident} />
          <Repairs incident={incident} namespace={namespace} />
          {incident.causes.length === 0 ? null : (
            <Part title="Probable causes" aside="found in recorded work">
              <Causes causes={incident.causes} />
            </Part>
          )}
          <FailedWork incident={incident} />
        </div>
        <div>
          <FiringAlerts incident={incident} namespace={namespace} />
          <Timeline entries={incident.timeline} />
        </div>
      </div>
      <PostMortem incident={incident} namespace={namespace} />
    </>
  );
}

function Below({ incident, namespace }: { incident: Incident; namespace: string }) {
  const { incidentId, severity, status, owner, startTimeMs, endTimeMs } = incident;
  return (
    <span className="work-head-below">
      <Tag tone={status === "resolved" ? "rest" : severityTone(severity)}>{severity}</Tag>
      <span>
        <code>{incidentId}</code> <Copy text={incidentId} label="the id of the incident" />
      </span>
      {namespace === currentNamespace() ? null : (
        <span>
          {namespace === installationNamespace ? "of the installation" : `in namespace ${namespace}`}
        </span>
      )}
      <span>
        {status === "open" ? (
          "open for "
        ) : (
          <>
            opened <Moment atMs={startTimeMs} />, took{" "}
          </>
        )}
        <Lasting fromMs={startTimeMs} toMs={endTimeMs} />
      </span>
      <span>{owner ? `owner ${owner}` : "no owner"}</span>
    </span>
  );
}

function Affected({ incident }: { incident: Incident }) {
  const { ruleIds, failedCount = 0, problem, resolution } = incident;
  const affected = affectedOf(incident);
  return (
    <Part title="Affected">
      <Facts
        facts={[
          ["Alerts", alertText(incident)],
          ["Failed work", problem ? "unknown" : counted(failedCount, "run or mission", "runs and missions")],
          ["Rules", ruleIds.join(", ")],
          ...(resolution ? [["Resolution", resolution] as const] : []),
        ]}
      />
      {affected.length === 0 ? null : (
        <p className="incident-labels">
          {affected.map((label) => (
            <Tag key={label}>{label}</Tag>
          ))}
        </p>
      )}
    </Part>
  );
}

const initialMax = 12;

/** Runs and missions that failed during the incident, latest first. */
function FailedWork({ incident: { failed, failedCount = 0 } }: { incident: Incident }) {
  const [all, setAll] = useState(false);
  if (failed.length === 0) return null;
  const visible = all ? failed : failed.slice(0, initialMax);
  return (
    <Part
      title="Failed work"
      aside={
        failedCount > failed.length
          ? `latest ${count(failed.length)} of ${count(failedCount)}`
          : count(failedCount)
      }
    >
      <ul className="incident-failed" aria-label="Failed work">
        {visible.map((work) => (
          <li key={`${work.kind} ${work.id}`}>
            <WorkLink about={work} />
            {work.kind === "run" ? null : <span className="small soft"> {work.kind}</span>}
          </li>
        ))}
      </ul>
      {visible.length < failed.length ? (
        <button type="button" className="press incident-more" onClick={() => setAll(true)}>
          Show {count(failed.length - visible.length)} more
        </button>
      ) : null}
    </Part>
  );
}
