import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Definition } from "@tutti/rest/types";
import { useState } from "react";
import { workflowsQuery } from "../../data/queries.ts";
import { TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import "./workflows.css";

/** All workflows. */
export function WorkflowsPage() {
  const [typed, setTyped] = useState("");
  const query = useQuery(workflowsQuery({ archived: true }));
  return (
    <>
      <PageHead
        title="Workflows"
        below={query.data === undefined ? <>&nbsp;</> : counted(query.data.definitions.length, "workflow")}
        actions={
          <>
            <Link to="/cache" className="press">
              Cache
            </Link>
            <Link to="/templates" className="press">
              Templates
            </Link>
            <Link to="/editor" className="press main">
              Create workflow
            </Link>
          </>
        }
      />
      <QueryView query={query} label="workflows" lines={8}>
        {({ definitions }) =>
          definitions.length === 0 ? (
            <Empty title="No workflows yet.">
              <p>
                <Link to="/editor">Create one here</Link>, publish a <Link to="/templates">template</Link>, or
                in a terminal: <code>npx tutti workflow register order.yaml</code>
              </p>
            </Empty>
          ) : (
            <>
              <div className="workflow-search">
                <TextField
                  label="Search"
                  type="search"
                  value={typed}
                  onChange={setTyped}
                  placeholder="name or description"
                />
              </div>
              <Cards definitions={definitions.filter((each) => matches(each, typed))} />
            </>
          )
        }
      </QueryView>
    </>
  );
}

function matches({ name = "", description = "" }: Definition, typed: string): boolean {
  return `${name} ${description}`.toLowerCase().includes(typed.trim().toLowerCase());
}

function Cards({ definitions }: { definitions: readonly Definition[] }) {
  if (definitions.length === 0) return <Empty title="No workflows match." />;
  return (
    <ul className="workflow-cards">
      {definitions.map((definition) => (
        <li key={definition.name}>
          <Card definition={definition} />
        </li>
      ))}
    </ul>
  );
}

function Card({ definition }: { definition: Definition }) {
  const {
    name = "",
    description,
    taskCount,
    liveCount,
    versionLabels,
    archived,
    createTimeMs,
    uses,
  } = definition;
  return (
    <article className="workflow-card">
      <h2>
        <Link to="/workflows/$name" params={{ name }}>
          {name}
        </Link>
      </h2>
      <p className="workflow-description">{description || <span className="soft">No description.</span>}</p>
      <p className="workflow-tags">
        {archived === true ? <Tag tone="silent">archived</Tag> : null}
        {versionLabels.map((label) => (
          <Tag key={label}>{label}</Tag>
        ))}
      </p>
      <p className="small soft">
        {taskCount ? counted(taskCount, "task") : "states"} ·{" "}
        {counted(uses.length, "capability", "capabilities")} ·{" "}
        {liveCount ? <strong>{counted(liveCount, "run")} in progress</strong> : "no runs in progress"} ·
        registered <Moment atMs={createTimeMs} />
      </p>
      <p className="workflow-acts">
        {archived === true ? null : (
          <Link to="/start" search={{ workflow: name }} className="press">
            Start a run
          </Link>
        )}
        <Link to="/runs" search={{ workflow: name }} className="press quiet">
          Show runs
        </Link>
      </p>
    </article>
  );
}
