import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AdmissionRule, Finding, FrameworkStatus } from "@tutti/rest/types";
import { findingsQuery, frameworksQuery, reportsQuery, rulesQuery } from "../../data/governance-queries.ts";
import { nowMs } from "../../effects/time.ts";
import { Action } from "../../elements/action.tsx";
import { Moment } from "../../elements/moment.tsx";
import { clock, counted } from "../../elements/moments.ts";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, findingStates, ruleBadge } from "../../score/states.ts";
import { principalText } from "../access/question.ts";
import { hasPage } from "./record.ts";

/** Compliance: frameworks, reports, findings and rules. */
export function ComplianceView() {
  return (
    <>
      <FrameworksPart />
      <ReportsPart />
      <FindingsPart />
      <RulesPart />
    </>
  );
}

function FrameworksPart() {
  const query = useQuery(frameworksQuery());
  return (
    <Part title="Frameworks">
      <QueryView query={query} label="frameworks" lines={3}>
        {({ frameworks }) =>
          frameworks.length === 0 ? (
            <Empty title="No frameworks yet.">
              A rule with controls, such as <code>soc2</code> <code>CC6.1</code>, is the source of reports.
            </Empty>
          ) : (
            <ul className="listed">
              {frameworks.map((framework) => (
                <li key={framework.framework}>
                  <Framework status={framework} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

const monthMs = 30 * 86_400_000;

function Framework({ status }: { status: FrameworkStatus }) {
  const { framework = "", covered = 0, open = 0 } = status;
  const queries = useQueryClient();
  const toMs = Math.ceil(nowMs() / 60_000) * 60_000;
  return (
    <>
      <strong>{framework}</strong>
      <span className={open > 0 ? "tone-wrong open-controls" : undefined}>
        {counted(covered, "control")} with enforced rules, {open} open
      </span>
      <span className="small soft">in the last 30 days</span>
      <span className="listed-acts">
        <Action
          label="Create report"
          call={{
            method: "POST",
            path: "/v1/compliance/reports",
            body: { framework, span: { fromMs: toMs - monthMs, toMs } },
          }}
          doneText={`Creating the report on ${framework}.`}
          onDone={() => void queries.invalidateQueries({ queryKey: ["compliance"] })}
        />
      </span>
    </>
  );
}

function ReportsPart() {
  const query = useQuery(reportsQuery());
  return (
    <Part title="Reports">
      <QueryView query={query} label="reports" lines={3}>
        {({ reports }) =>
          reports.length === 0 ? (
            <Empty title="No reports yet.">Create one from a framework above.</Empty>
          ) : (
            <ul className="listed">
              {reports.map(({ reportId = "", framework, span, createTimeMs, createCause }) => (
                <li key={reportId}>
                  <Link to="/audit" search={{ view: "compliance", report: reportId }} resetScroll={false}>
                    {framework}
                  </Link>
                  <span className="small">
                    {clock(span?.fromMs ?? 0)} to {clock(span?.toMs ?? 0)}
                  </span>
                  <span className="small soft">
                    made <Moment atMs={createTimeMs} /> by {principalText(createCause?.actor)}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function FindingsPart() {
  const query = useQuery(findingsQuery());
  return (
    <Part title="Findings" aside="latest 100">
      <QueryView query={query} label="findings" lines={4}>
        {({ findings }) =>
          findings.length === 0 ? (
            <Empty title="No findings yet." />
          ) : (
            <ul className="listed">
              {findings.map((finding) => (
                <li key={finding.findingId}>
                  <FindingLine finding={finding} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function FindingLine({ finding }: { finding: Finding }) {
  const { ruleId, findTimeMs, work, cause, action, result, severity, message, recordId, count = 1 } = finding;
  return (
    <>
      <div>
        <BadgeMark badge={badgeOf(findingStates, result)} />
        <p className="small soft">
          by the rule <code>{ruleId}</code> {severity ? <Tag>{severity}</Tag> : null}
        </p>
      </div>
      <div>
        <p>{message}</p>
        <p className="small soft">
          {principalText(cause?.actor)} {action ? <code>{action}</code> : null}{" "}
          {hasPage({ ...(work && { work }) }) ? <WorkLink about={work} /> : work?.id}
        </p>
      </div>
      <span className="small soft">
        {count > 1 ? `${counted(count, "time")}, last ` : ""}
        <Moment atMs={findTimeMs} />
      </span>
      {recordId ? (
        <Link to="/audit" search={{ view: "compliance", record: recordId }} resetScroll={false}>
          evidence
        </Link>
      ) : null}
    </>
  );
}

function RulesPart() {
  const query = useQuery(rulesQuery());
  return (
    <Part
      title="Rules"
      aside={
        <Link to="/rule" search={{}}>
          Create rule
        </Link>
      }
    >
      <QueryView query={query} label="rules" lines={3}>
        {({ rules }) =>
          rules.length === 0 ? (
            <Empty title="No rules yet.">
              Rules check requests and results with CEL. Create one here, or with{" "}
              <code>tutti rule set FILE</code>.
            </Empty>
          ) : (
            <ul className="listed">
              {rules.map((rule) => (
                <li key={`${rule.namespace}/${rule.ruleId}`}>
                  <RuleLine rule={rule} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function RuleLine({ rule }: { rule: AdmissionRule }) {
  const { namespace, ruleId, description, subject, condition, severity, controls, updateTimeMs } = rule;
  return (
    <>
      <div id={`rule-${ruleId}`}>
        {namespace === "system" ? (
          <code>system/{ruleId}</code>
        ) : (
          <Link to="/rule" search={{ id: ruleId ?? "" }}>
            <code>{ruleId}</code>
          </Link>
        )}
        <p className="small soft">{description}</p>
        <BadgeMark badge={ruleBadge(rule)} />
      </div>
      <div>
        <p className="small">
          of a {subject}: {verdictOf(rule)} unless
        </p>
        <pre className="statement">{condition || "nothing"}</pre>
      </div>
      <p className="small soft">
        {severity ? `${severity} · ` : null}changed <Moment atMs={updateTimeMs} />
        <br />
        {controls.map(({ framework, control }) => `${framework} ${control}`).join(", ")}
      </p>
    </>
  );
}

function verdictOf({ deny, approval, change, note }: AdmissionRule): string {
  if (deny !== undefined) return "reject";
  if (approval !== undefined) return "request approval";
  if (change !== undefined) return "change";
  return note === undefined ? "off" : "record";
}
