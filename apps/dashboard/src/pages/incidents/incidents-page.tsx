import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { processName } from "@tutti/rest/text";
import type { Incident } from "@tutti/rest/types";
import { installationNamespace } from "../../data/in-namespace.ts";
import { incidentsPath, incidentsQuery } from "../../data/incident-queries.ts";
import { callerQuery } from "../../data/queries.ts";
import { currentNamespace } from "../../effects/namespace.ts";
import { ChoiceField } from "../../elements/fields.tsx";
import { Lasting, Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { StateChoices } from "../../elements/state-choices.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, incidentStates } from "../../score/states.ts";
import { nameOf } from "../../shell/you-dialog.tsx";
import { Typed } from "../runs/filters.tsx";
import { affectedOf, alertText, countsOf, inOrder, matching, severityTone } from "./incident.ts";
import { IncidentLink } from "./incident-link.tsx";
import { type IncidentsSearch, incidentsSearch } from "./search.ts";
import "./incidents.css";

const labelsMax = 3;

/** Incidents of the namespace and of the installation: open ones first, then by severity. */
export function IncidentsPage() {
  const query = useQuery(incidentsQuery());
  const open = query.data?.filter(({ status }) => status === "open").length ?? 0;
  return (
    <>
      <PageHead
        title="Incidents"
        below={query.data === undefined ? <>&nbsp;</> : `${counted(open, "open incident")}`}
        actions={
          <span className="action lone">
            <Spelled
              label="This list"
              call={{ method: "GET", path: incidentsPath(currentNamespace()) }}
              command={commandLine("tutti", "incident", "list", "--ended")}
            />
          </span>
        }
      />
      <QueryView query={query} label="incidents" lines={6}>
        {(incidents) =>
          incidents.length === 0 ? (
            <Empty title="No incidents yet.">
              <p>Alerts of severity error or critical open an incident. Alerts of the same cause join it.</p>
            </Empty>
          ) : (
            <Listed incidents={incidents} />
          )
        }
      </QueryView>
    </>
  );
}

function Listed({ incidents }: { incidents: readonly Incident[] }) {
  const search = useSearch({ from: "/incidents" });
  const navigate = useNavigate({ from: "/incidents" });
  const { data: caller } = useQuery(callerQuery());
  const change = (next: Record<keyof IncidentsSearch, unknown>) =>
    void navigate({ search: incidentsSearch(next), replace: true });
  const { text, owner, state } = search;
  const found = matching(inOrder(incidents), search, caller === undefined ? "" : nameOf(caller));
  const visible = found.filter(({ status }) => state === undefined || status === state);
  return (
    <>
      <search className="incidents-look">
        <Typed
          label="Search"
          placeholder="title, rule, label or owner"
          kind="search"
          value={text}
          onChange={(next) => change({ text: next, owner, state })}
        />
        <ChoiceField
          label="Owner"
          value={owner ?? ""}
          choices={[
            ["", "any"],
            ["mine", "me"],
            ["none", "no owner"],
          ]}
          onChange={(next) => change({ text, owner: next, state })}
        />
        <StateChoices
          label="Incidents by state"
          counts={countsOf(found)}
          badgeOf={(each) => badgeOf(incidentStates, each)}
          chosen={state ?? ""}
          onChoose={(next) => change({ text, owner, state: next })}
        />
      </search>
      {visible.length === 0 ? (
        <Empty title="No incidents match.">
          <button
            type="button"
            className="press"
            onClick={() => change({ text: undefined, owner: undefined, state: undefined })}
          >
            Show all incidents
          </button>
        </Empty>
      ) : (
        <ul className="incidents" aria-label="Incidents">
          {visible.map((incident) => (
            <li key={`${incident.namespace} ${incident.incidentId}`}>
              <Line incident={incident} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Line({ incident }: { incident: Incident }) {
  const { incidentId, namespace, title, status, severity, owner, startTimeMs, endTimeMs, ruleIds } = incident;
  const affected = affectedOf(incident);
  const more = affected.length - labelsMax;
  return (
    <article className="incident-line">
      <div className="incident-what">
        <h2>
          <IncidentLink incidentId={incidentId} namespace={namespace}>
            {processName(title || incidentId)}
          </IncidentLink>
        </h2>
        <p className="small soft incident-of">
          {incidentId} · {ruleIds.join(", ")}
        </p>
      </div>
      <div className="incident-stand">
        <BadgeMark badge={badgeOf(incidentStates, status)} />
        <Tag tone={status === "resolved" ? "rest" : severityTone(severity)}>{severity}</Tag>
      </div>
      <div className="incident-affected">
        {namespace === installationNamespace && namespace !== currentNamespace() ? (
          <Tag tone="playing">installation</Tag>
        ) : null}
        {affected.slice(0, labelsMax).map((label) => (
          <Tag key={label}>
            <span className="clipped" title={label}>
              {label}
            </span>
          </Tag>
        ))}
        {more > 0 ? <span className="small soft">and {more} more</span> : null}
      </div>
      <div className="small incident-count">
        <span>{alertText(incident)}</span>
        <span className="soft">
          {status === "open" ? "for " : <Moment atMs={startTimeMs} />}
          {status === "open" ? null : ", took "}
          <Lasting fromMs={startTimeMs} toMs={endTimeMs} />
        </span>
      </div>
      <div className={owner ? "small incident-owner" : "small soft incident-owner"}>
        <span className="clipped" title={owner}>
          {owner || "no owner"}
        </span>
      </div>
    </article>
  );
}
