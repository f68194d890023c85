import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { processName } from "@tutti/rest/text";
import type { Alert, Incident } from "@tutti/rest/types";
import { useState } from "react";
import { alertsInQuery } from "../../data/incident-queries.ts";
import { currentNamespace } from "../../effects/namespace.ts";
import { Action } from "../../elements/action.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { useAlertRefresh } from "../alerts/refresh.ts";
import { severityTone } from "./incident.ts";

const initialMax = 5;

/** Active alerts of the incident. */
export function FiringAlerts({ incident, namespace }: { incident: Incident; namespace: string }) {
  const query = useQuery(alertsInQuery(namespace));
  const [all, setAll] = useState(false);
  if ((incident.firing ?? 0) === 0) return null;
  return (
    <Part
      title="Firing alerts"
      aside={namespace === currentNamespace() ? <Link to="/alerts">All alerts</Link> : undefined}
    >
      <QueryView query={query} label="alerts" lines={3}>
        {({ alerts }) => {
          const own = alerts.filter(({ incidentId }) => incidentId === incident.incidentId);
          const visible = all ? own : own.slice(0, initialMax);
          return (
            <>
              <ul className="incident-alerts">
                {visible.map((alert) => (
                  <li key={alert.alertId}>
                    <Line alert={alert} namespace={namespace} />
                  </li>
                ))}
              </ul>
              {visible.length < own.length ? (
                <button type="button" className="press incident-more" onClick={() => setAll(true)}>
                  Show {count(own.length - visible.length)} more
                </button>
              ) : null}
            </>
          );
        }}
      </QueryView>
    </Part>
  );
}

function Line({ alert, namespace }: { alert: Alert; namespace: string }) {
  const { alertId, title, severity, status, startTimeMs, acknowledgeCause } = alert;
  const refresh = useAlertRefresh();
  return (
    <>
      <p>{processName(title ?? "")}</p>
      <p className="small soft">
        <Tag tone={severityTone(severity)}>{severity}</Tag> started <Moment atMs={startTimeMs} />
        {acknowledgeCause === undefined ? "" : ` · acknowledged by ${acknowledgeCause.actor?.id ?? ""}`}
      </p>
      {status === "firing" ? (
        <Action
          label="Acknowledge"
          call={{ method: "POST", path: pathOf(["alerts", alertId, "acknowledge"], { namespace }), body: {} }}
          command={commandLine("tutti", "alert", "ack", alertId, "--namespace", namespace)}
          onDone={refresh}
        />
      ) : null}
    </>
  );
}
