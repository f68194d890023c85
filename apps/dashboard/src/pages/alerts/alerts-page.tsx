import { useQuery } from "@tanstack/react-query";
import { processName } from "@tutti/rest/text";
import type { Alert, ListAlertsReply } from "@tutti/rest/types";
import { type ReactNode, useState } from "react";
import { alertsQuery } from "../../data/alert-queries.ts";
import { installationNamespace } from "../../data/in-namespace.ts";
import { CallFailed } from "../../data/send.ts";
import { currentNamespace } from "../../effects/namespace.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { ChoiceField } from "../../elements/fields.tsx";
import { InlineText } from "../../elements/markdown.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, PageHead, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { IncidentLink } from "../incidents/incident-link.tsx";
import { Notifications } from "./notifications.tsx";
import { Objectives } from "./objectives.tsx";
import { OnCall } from "./on-call.tsx";
import { AlertNamespace, pathIn, useAlertNamespace, useAlertRefresh } from "./refresh.ts";
import { Rules } from "./rules.tsx";
import { CreateSilence, Silences } from "./silences.tsx";
import "./alerts.css";

/** Alerts of a namespace or of the installation, most severe first, with silences, notifications and rules. */
export function AlertsPage() {
  const own = currentNamespace();
  const [chosen, setChosen] = useState<string>();
  const shared = useQuery(alertsQuery(installationNamespace));
  const isForbidden = shared.error instanceof CallFailed && shared.error.error.status === 403;
  const namespace = chosen ?? (isForbidden ? own : installationNamespace);
  return (
    <AlertNamespace value={namespace}>
      <AlertsOf namespace={namespace}>
        {isForbidden || own === installationNamespace ? null : (
          <Scope namespace={namespace} own={own} onChoose={setChosen} />
        )}
      </AlertsOf>
    </AlertNamespace>
  );
}

/** Selects the namespace. It also counts alerts of the other namespace, so that the user does not miss them. */
function Scope(options: { namespace: string; own: string; onChoose: (namespace: string) => void }) {
  const { namespace, own, onChoose } = options;
  const [shared, mine] = [useQuery(alertsQuery(installationNamespace)), useQuery(alertsQuery(own))];
  const labelOf = (name: string, reply: ListAlertsReply | undefined) =>
    reply === undefined ? name : `${name}: ${firingIn(reply)} firing`;
  return (
    <div className="alert-scope">
      <ChoiceField
        label="Scope"
        value={namespace}
        choices={[
          [installationNamespace, labelOf("Installation", shared.data)],
          [own, labelOf(`Namespace ${own}`, mine.data)],
        ]}
        onChange={onChoose}
      />
    </div>
  );
}

/** Returns `3`, or `200+` if there are more alerts than the page loads. */
function firingIn({ alerts, nextToken = "" }: ListAlertsReply): string {
  const firing = alerts.filter(({ status }) => status === "firing").length;
  return `${count(firing)}${nextToken === "" ? "" : "+"}`;
}

function AlertsOf({ namespace, children }: { namespace: string; children: ReactNode }) {
  const query = useQuery(alertsQuery(namespace));
  const firing = query.data === undefined ? undefined : firingIn(query.data);
  return (
    <>
      <PageHead
        title="Alerts"
        below={firing === undefined ? <>&nbsp;</> : `${firing} ${firing === "1" ? "alert" : "alerts"} firing`}
      />
      {children}
      <QueryView query={query} label="alerts" lines={4}>
        {({ alerts }) =>
          alerts.length === 0 ? (
            <Empty title="No alerts.">The rules below define when an alert fires.</Empty>
          ) : (
            <ul className="alerts">
              {alerts.map((alert) => (
                <li key={alert.alertId}>
                  <Line alert={alert} cause={titleOf(alerts, alert.inhibitedBy)} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <OnCall />
      <Objectives />
      <Silences />
      <Notifications />
      <Rules />
    </>
  );
}

function Line({ alert, cause }: { alert: Alert; cause: string | undefined }) {
  const { alertId, title, advice, severity, labels, ruleId = "", startTimeMs } = alert;
  const { acknowledgeCause, incidentId = "" } = alert;
  const [silencing, setSilencing] = useState(false);
  const refresh = useAlertRefresh();
  const namespace = useAlertNamespace();
  const isGrave = severity === "critical" || severity === "error";
  const path = pathIn(namespace, `/v1/alerts/${encodeURIComponent(alertId)}/acknowledge`);
  return (
    <article className="alert">
      <div>
        <h2>{processName(title ?? "")}</h2>
        <p className="small soft">
          {ruleId} · started <Moment atMs={startTimeMs} />
          {acknowledgeCause === undefined
            ? ""
            : ` · acknowledged by ${acknowledgeCause.actor?.id ?? ""} ${acknowledgeCause.reason ?? ""}`}
          <Reporter alert={alert} />
          {alert.inhibitedBy ? ` · inhibited by ${cause ?? alert.inhibitedBy}` : ""}
          {incidentId === "" ? null : (
            <>
              {" "}
              · incident <IncidentLink incidentId={incidentId} namespace={alert.namespace} />
            </>
          )}
        </p>
        {alert.escalation === undefined ? null : (
          <p className="small soft">
            Escalation {alert.escalation.policyId}, step {alert.escalation.step}
            {alert.escalation.nextTimeMs === undefined ? null : (
              <>
                , next step <Moment atMs={alert.escalation.nextTimeMs} />
              </>
            )}
          </p>
        )}
        {advice ? (
          <p>
            <InlineText text={advice} />
          </p>
        ) : null}
      </div>
      <div className="alert-marks">
        <Tag tone={isGrave ? "wrong" : "held"}>{severity}</Tag>
        <Tag>{statusText(alert)}</Tag>
        {Object.entries(labels).map(([name, value]) => (
          <Tag key={name}>
            {name}={processName(value)}
          </Tag>
        ))}
      </div>
      <div className="page-actions">
        {alert.status === "firing" ? (
          <Action
            label="Acknowledge"
            call={{ method: "POST", path, body: {} }}
            command={commandLine("tutti", "alert", "ack", alertId, "--namespace", namespace)}
            onDone={refresh}
          />
        ) : null}
        <button type="button" className="press" onClick={() => setSilencing(true)}>
          Silence …
        </button>
      </div>
      <Dialog title={`Silence ${ruleId}`} open={silencing} onClose={() => setSilencing(false)}>
        <CreateSilence ruleId={ruleId} onDone={() => setSilencing(false)} />
      </Dialog>
    </article>
  );
}

/** A link to the alert in the system that reported it. */
function Reporter({ alert: { report } }: { alert: Alert }) {
  if (report === undefined) return null;
  const { generatorUrl = "", expiryTimeMs } = report;
  return (
    <>
      {" · reported"}
      {/^https?:\/\//.test(generatorUrl) && URL.canParse(generatorUrl) ? (
        <>
          {" by "}
          <a href={generatorUrl} rel="noreferrer" target="_blank">
            {new URL(generatorUrl).host}
          </a>
        </>
      ) : null}
      {", expires "}
      <Moment atMs={expiryTimeMs} />
    </>
  );
}

function titleOf(alerts: readonly Alert[], id: string | undefined): string | undefined {
  return id ? alerts.find(({ alertId }) => alertId === id)?.title : undefined;
}

function statusText({ status, silenceId, inhibitedBy }: Alert): string {
  if (silenceId) return `${status}, silenced`;
  return inhibitedBy ? `${status}, inhibited` : status;
}
