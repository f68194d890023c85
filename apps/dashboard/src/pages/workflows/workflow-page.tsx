import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Definition } from "@tutti/rest/types";
import { lazy, Suspense, useState } from "react";
import { graphQuery, versionsQuery, workflowQuery } from "../../data/queries.ts";
import { pageError } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { ItemView } from "../../elements/item-view.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted, span } from "../../elements/moments.ts";
import { Empty, Facts, Loading, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, withNpx } from "../../elements/spelled.ts";
import { Tabs } from "../../elements/tabs.tsx";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { NewRuns } from "./new-runs.tsx";
import "./workflows.css";

const GraphView = lazy(() => import("./graph-view.tsx"));

type View = "graph" | "input" | "source" | "versions";

/** The page of one workflow: graph, input, source, and versions. */
export function WorkflowPage() {
  const { name } = useParams({ from: "/workflows/$name" });
  const [hash, setHash] = useState<string | undefined>();
  const [view, setView] = useState<View>("graph");
  const version = hash === undefined ? {} : { hash };
  const query = useQuery(workflowQuery(name, version));
  useWindowTitle(name);
  return (
    <ItemView query={query} kind="workflow" id={name}>
      {(definition) => (
        <>
          <Head definition={definition} isOld={hash !== undefined} onLatest={() => setHash(undefined)} />
          <Part
            title="Definition"
            aside={<code title={definition.hash}>{definition.hash?.slice(0, 12)}</code>}
          >
            <Tabs
              label="Views of the workflow"
              tabs={[
                ["graph", "Graph"],
                ["input", "Input and output"],
                ["source", "Source"],
                ["versions", "Versions"],
              ]}
              current={view}
              onChange={setView}
            >
              {view === "graph" ? <GraphOf name={name} version={version} /> : null}
              {view === "input" ? <Schemas definition={definition} /> : null}
              {view === "source" ? <Source definition={definition} /> : null}
              {view === "versions" ? <Versions name={name} shown={definition.hash} onShow={setHash} /> : null}
            </Tabs>
          </Part>
        </>
      )}
    </ItemView>
  );
}

function Head({
  definition,
  isOld,
  onLatest,
}: {
  definition: Definition;
  isOld: boolean;
  onLatest: () => void;
}) {
  const queries = useQueryClient();
  const { name = "", description, archived, archiveCause, versionLabels, liveCount } = definition;
  const verb = archived === true ? "restore" : "archive";
  return (
    <PageHead
      title={name}
      below={
        <>
          <p className="measure">{description}</p>
          <p className="workflow-tags">
            {archived === true ? <Tag tone="silent">archived</Tag> : null}
            {archiveCause?.reason ? <span className="small">{archiveCause.reason}</span> : null}
            {versionLabels.map((label) => (
              <Tag key={label}>{label}</Tag>
            ))}
            <Link to="/runs" search={{ workflow: name }} className="small">
              {liveCount ? `${counted(liveCount, "run")} in progress` : "show runs"}
            </Link>
            {isOld ? (
              <button type="button" className="press quiet" onClick={onLatest}>
                Older version. Show the latest
              </button>
            ) : null}
          </p>
        </>
      }
      actions={
        <>
          <Action
            label={verb === "archive" ? "Archive" : "Restore"}
            call={{
              method: "POST",
              path: `/v1/workflows/${encodeURIComponent(name)}/archive`,
              body: verb === "restore" ? { restore: true } : {},
            }}
            doneText={verb === "archive" ? `Archived ${name}. No new runs start.` : `Restored ${name}.`}
            onDone={() => {
              void queries.invalidateQueries({ queryKey: ["workflow"] });
              void queries.invalidateQueries({ queryKey: ["workflows"] });
            }}
          />
          <Link to="/editor" search={{ workflow: name }} className="press">
            Edit workflow
          </Link>
          {archived === true ? null : (
            <Link to="/start" search={{ workflow: name }} className="press main">
              Start a run
            </Link>
          )}
        </>
      }
    />
  );
}

/** Explains a missing critical path. Expected durations come only from the definition. */
function unknownPath({ criticalPath }: { readonly criticalPath: readonly string[] }): string {
  return criticalPath.length === 0 ? "none" : "unknown: a task has no cost.duration in the definition";
}

function GraphOf({ name, version }: { name: string; version: { hash?: string } }) {
  const query = useQuery(graphQuery(name, version));
  if (query.error !== null && pageError(query.error).code === "definition.parameters_wanted")
    return (
      <Empty title="The graph depends on parameters">
        This workflow is a template. Each run has a graph of its own:{" "}
        <Link to="/runs" search={{ workflow: name }}>
          show runs
        </Link>
        .
      </Empty>
    );
  return (
    <QueryView query={query} label="the graph" lines={8}>
      {(graph) => (
        <>
          <Facts
            facts={[
              ["Tasks", String(graph.nodes.length)],
              ["Levels", String(graph.depth ?? 0)],
              ["Maximum concurrency", String(graph.width ?? 0)],
              ["Critical path", graph.criticalPathMs ? span(graph.criticalPathMs) : unknownPath(graph)],
            ]}
          />
          <div className="graph-room">
            <Suspense fallback={<Loading label="the graph" lines={8} />}>
              <GraphView graph={graph} />
            </Suspense>
          </div>
        </>
      )}
    </QueryView>
  );
}

function Schemas({ definition }: { definition: Definition }) {
  const { inputSchema, outputSchema, entries } = definition;
  return (
    <div className="schemas">
      <section>
        <h3>Input</h3>
        {inputSchema ? (
          <Json value={parsed(inputSchema)} label="the schema of the input" />
        ) : (
          <p className="soft">Any value.</p>
        )}
      </section>
      <section>
        <h3>Output</h3>
        {outputSchema ? (
          <Json value={parsed(outputSchema)} label="the schema of the output" />
        ) : (
          <p className="soft">Not declared.</p>
        )}
      </section>
      {entries.length === 0 ? null : (
        <section>
          <h3>Signals, queries and updates</h3>
          <ul className="entries">
            {entries.map(({ name, kind, description }) => (
              <li key={`${kind} ${name}`}>
                <Tag>{kind}</Tag> <code>{name}</code> <span className="soft">{description}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function Source({ definition }: { definition: Definition }) {
  const { source, name = "" } = definition;
  if (!source?.text) return <p className="soft">Source not stored.</p>;
  return (
    <>
      <p className="small soft">
        {source.fileName || `${name}, ${source.format}`} ·{" "}
        <code>{withNpx(commandLine("tutti", "workflow", "graph", name))}</code>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element */}
      <section className="definition-source" tabIndex={0} aria-label="Source">
        <pre>{source.text}</pre>
      </section>
    </>
  );
}

function Versions({
  name,
  shown,
  onShow,
}: {
  name: string;
  shown: string | undefined;
  onShow: (hash: string) => void;
}) {
  const query = useQuery(versionsQuery(name));
  return (
    <QueryView query={query} label="versions" lines={4}>
      {({ versions }) => (
        <div className="scroll-x">
          <table className="lines">
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Labels</th>
                <th scope="col">New runs</th>
                <th scope="col">Registered</th>
                <th scope="col">By</th>
                <th scope="col">In progress</th>
                <th scope="col">
                  <span className="unseen">Show</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => {
                const { hash = "", versionLabels, createTimeMs, createCause, liveCount } = version;
                return (
                  <tr key={hash}>
                    <td>
                      <code title={hash}>{hash.slice(0, 12)}</code>
                    </td>
                    <td>
                      <span className="workflow-tags">
                        {versionLabels.map((label) => (
                          <Tag key={label}>{label}</Tag>
                        ))}
                      </span>
                    </td>
                    <td>
                      <NewRuns version={version} />
                    </td>
                    <td>
                      <Moment atMs={createTimeMs} />
                    </td>
                    <td>{createCause?.actor?.id}</td>
                    <td>{counted(liveCount ?? 0, "run")}</td>
                    <td>
                      {hash === shown ? (
                        <span className="soft">shown</span>
                      ) : (
                        <button type="button" className="press quiet" onClick={() => onShow(hash)}>
                          Show
                        </button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </QueryView>
  );
}
