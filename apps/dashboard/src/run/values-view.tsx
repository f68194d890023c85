import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { runQuery } from "../data/queries.ts";
import { Copy } from "../elements/copy.tsx";
import { Moment } from "../elements/moment.tsx";
import { clock, count, figure, span } from "../elements/moments.ts";
import { Facts, Part, Tag } from "../elements/parts.tsx";
import { WorkLink } from "../elements/work-link.tsx";
import { FilesPart } from "./files-part.tsx";
import { ValueView } from "./json/value-view.tsx";
import type { Reference, RunFacts } from "./model/facts.ts";
import { runOf } from "./model/read.ts";
import { Failing } from "./task/failing.tsx";

/** Input and output of the run, and its parent. */
export function ValuesView({ run }: { run: RunFacts }) {
  // Live updates contain no values, because they may be large. The values are loaded here.
  const query = useQuery(runQuery(run.id));
  const { input, parameters, output, failure } = query.data === undefined ? run : runOf(query.data);
  const labels = Object.entries(run.labels);
  return (
    <div className="run-values">
      <Part title="Input">
        <ValueView value={input} label="the input of the run" />
      </Part>
      {parameters === undefined || parameters === null ? null : (
        <Part title="Parameters">
          <ValueView value={parameters} label="the parameters of the run" />
        </Part>
      )}
      <Part title={failure === undefined ? "Output" : "Error"}>
        {failure === undefined ? (
          run.endMs === 0 ? (
            <p className="soft">The run has not ended.</p>
          ) : (
            <ValueView value={output ?? null} label="the output of the run" />
          )
        ) : (
          <Failing failure={failure} />
        )}
      </Part>
      <FilesPart runId={run.id} />
      <Part title="Facts">
        <Facts facts={factsOf(run)} />
        {labels.length === 0 ? null : (
          <p className="run-tags">
            {labels.map(([name, value]) => (
              <Tag key={name}>
                {name}={value}
              </Tag>
            ))}
          </p>
        )}
      </Part>
    </div>
  );
}

function factsOf(run: RunFacts): readonly (readonly [string, ReactNode])[] {
  const { startedBy, parent, root, used, definitionHash } = run;
  const facts: (readonly [string, ReactNode])[] = [
    ["accepted", <Moment key="c" atMs={run.createMs} />],
    ["created", clock(run.createMs)],
    ["events", count(run.eventCount)],
    ["engine", run.kind],
  ];
  if (run.endMs > 0) facts.push(["duration", span(run.endMs - run.createMs)]);
  if (startedBy !== undefined) facts.push(["started by", `${startedBy.kind} ${startedBy.id}`]);
  if (definitionHash !== "")
    facts.push([
      "version",
      <span key="v">
        {run.versionLabel === "" ? "" : `${run.versionLabel}, `}
        <code>{definitionHash.slice(0, 12)}</code> <Copy text={definitionHash} label="the version hash" />
      </span>,
    ]);
  if (parent !== undefined) facts.push(["parent", <ReferenceLink key="p" reference={parent} />]);
  if (root !== undefined && root.id !== parent?.id)
    facts.push(["root", <ReferenceLink key="r" reference={root} />]);
  if (run.continuedAs !== undefined)
    facts.push(["continued as", <ReferenceLink key="n" reference={run.continuedAs} />]);
  if (run.priority !== 0) facts.push(["priority", String(run.priority)]);
  if (run.pool !== "") facts.push(["pool", run.pool]);
  if (run.incarnation > 1) facts.push(["incarnation", String(run.incarnation)]);
  if (used !== undefined && used.timeMs > 0) facts.push(["worker time", span(used.timeMs)]);
  if (used !== undefined && used.tokens > 0) facts.push(["tokens", count(used.tokens)]);
  if (used !== undefined && used.money > 0) facts.push(["money", figure(used.money)]);
  return facts;
}

function ReferenceLink({ reference: { kind, id, task } }: { reference: Reference }) {
  if (kind === "run" || kind === "mission")
    return <WorkLink about={{ kind, id, task }}>{task === "" ? id : `${id} / ${task}`}</WorkLink>;
  if (kind === "schedule")
    return (
      <Link to="/schedules/$scheduleId" params={{ scheduleId: id }}>
        {id}
      </Link>
    );
  return (
    <>
      {kind} {id}
    </>
  );
}
