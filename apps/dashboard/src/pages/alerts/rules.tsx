import { useQuery } from "@tanstack/react-query";
import type { AlertRule } from "@tutti/rest/types";
import { alertRulesQuery } from "../../data/alert-queries.ts";
import { Action } from "../../elements/action.tsx";
import { InlineText } from "../../elements/markdown.tsx";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { pathIn, useAlertNamespace, useAlertRefresh } from "./refresh.ts";
import { titleText } from "./rule-title.ts";

export function Rules() {
  const namespace = useAlertNamespace();
  const query = useQuery(alertRulesQuery(namespace));
  return (
    <Part title="Rules">
      <QueryView query={query} label="rules" lines={6}>
        {({ rules }) =>
          rules.length === 0 ? (
            <Empty title="No alert rules yet.">
              Set rules of a file: <code>tutti alert-rule set FILE</code>
            </Empty>
          ) : (
            <ul className="alerts">
              {rules.map((rule) => (
                <li key={rule.ruleId} className="alert">
                  <Rule rule={rule} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function Rule({ rule }: { rule: AlertRule }) {
  const {
    ruleId = "",
    title,
    condition,
    external,
    objective,
    severity,
    receivers,
    disabled,
    problem,
    readyMade,
    revision,
  } = rule;
  const refresh = useAlertRefresh();
  const namespace = useAlertNamespace();
  const isOff = disabled === true;
  const verb = isOff ? "enable" : "disable";
  const {
    namespace: _,
    readyMade: _built,
    problem: _problem,
    updateCause: _cause,
    ruleId: _id,
    revision: _seen,
    ...body
  } = rule;
  const query = revision === undefined ? "" : `?revision=${encodeURIComponent(revision)}`;
  const path = pathIn(namespace, `/v1/alert-rules/${encodeURIComponent(ruleId)}${query}`);
  return (
    <>
      <div>
        <h3>{ruleId}</h3>
        {title ? (
          <p>
            <InlineText text={titleText(title)} />
          </p>
        ) : null}
        <p className="small soft">
          {external === true ? (
            "Alerts that other systems report"
          ) : condition || objective === undefined ? (
            <code>{condition}</code>
          ) : (
            `Objective: ${Number(((objective.goal ?? 0) * 100).toFixed(4))} % good`
          )}
        </p>
        {problem ? <p className="small tone-wrong">{problem}</p> : null}
      </div>
      <div className="alert-marks">
        <Tag>{severity}</Tag>
        {readyMade === true ? <Tag>built in</Tag> : null}
        {isOff ? <Tag tone="held">disabled</Tag> : null}
        {receivers.map((receiver) => (
          <Tag key={receiver}>{receiver}</Tag>
        ))}
      </div>
      <div className="page-actions">
        <Action
          label={isOff ? "Enable rule" : "Disable rule"}
          call={{ method: "PUT", path, body: { ...body, disabled: !isOff } }}
          command={commandLine("tutti", "alert-rule", verb, ruleId, "--namespace", namespace)}
          onDone={refresh}
        />
      </div>
    </>
  );
}
