import { Link } from "@tanstack/react-router";
import type { Component, MetricSeries, ProcessComponents } from "@tutti/rest/types";
import { type ReactNode, useState } from "react";
import { InlineText } from "../../elements/markdown.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, span } from "../../elements/moments.ts";
import { Facts, Part, Tag } from "../../elements/parts.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { type Badge, badgeOf, componentStates } from "../../score/states.ts";
import {
  lineOf,
  metricNameOf,
  reasonOf,
  rootOf,
  seriesOf,
  shortTree,
  stateOf,
  uses,
  writtenUse,
} from "./process.ts";

const silent: Badge = { label: "no answer", glyph: "cross", tone: "wrong", live: false };

interface ProcessOptions {
  process: ProcessComponents;
  series: readonly MetricSeries[];
}

/** One process: its identity, its resources, and its components. */
export function ProcessPart(options: ProcessOptions) {
  const { process } = options;
  return (
    <Part title={titleOf(process)} aside={<StateMark process={process} />}>
      <ProcessView {...options} />
    </Part>
  );
}

/** The processes of a cluster, one line each. A line opens to its process. Processes that are not ready are open. */
export function ProcessList({ processes, series }: Omit<ProcessOptions, "process"> & ListOptions) {
  return (
    <Part title="Processes">
      <ul className="process-list">
        {processes.map((process) => (
          <li key={metricNameOf(process)}>
            <details open={stateOf(process) !== "ready"}>
              <summary>
                <span className="process-name">
                  <strong>{titleOf(process)}</strong> <span className="soft small">{process.address}</span>
                </span>
                <StateMark process={process} />
                {process.problem ? null : <LineUse process={process} series={series} />}
              </summary>
              <ProcessView process={process} series={series} />
            </details>
          </li>
        ))}
      </ul>
    </Part>
  );
}

interface ListOptions {
  processes: readonly ProcessComponents[];
}

/** The resource use that shows an overloaded process. */
function LineUse({ process, series }: ProcessOptions) {
  return (
    <span className="process-use">
      {uses.slice(0, 3).map((use) => {
        const own = seriesOf(process, series, use);
        return (
          <span key={use.metric}>
            <span className="soft small">{use.word}</span> {own === undefined ? "–" : writtenUse(own, use)}
          </span>
        );
      })}
    </span>
  );
}

const titleOf = (process: ProcessComponents): string => rootOf(process)?.name ?? process.services.join(", ");

function StateMark({ process }: { process: ProcessComponents }) {
  const { problem = "" } = process;
  return <BadgeMark badge={problem === "" ? badgeOf(componentStates, stateOf(process)) : silent} />;
}

function ProcessView({ process, series }: ProcessOptions) {
  const { services, address = "", version = "", problem = "" } = process;
  const root = rootOf(process);
  const name = metricNameOf(process);
  const title = titleOf(process);
  return (
    <>
      {problem === "" ? null : <p className="tone-wrong service-why">{problem}</p>}
      {root?.reason ? (
        <p className="tone-again service-why">
          <InlineText text={root.reason} />
        </p>
      ) : null}
      <p className="service-names">
        {services.map((service) => (
          <Tag key={service}>{service}</Tag>
        ))}
      </p>
      <Facts
        facts={[
          ["version", version || "–"],
          ["address", address || "in its process"],
          ["in this state since", <Moment key="since" atMs={root?.sinceTimeMs} />],
          ...(problem === "" ? usedBy(process, series, name) : []),
        ]}
      />
      <p className="service-acts">
        <Link to="/series" search={{ process: name }} className="press">
          Metrics of {title}
        </Link>
      </p>
      {process.components.length === 0 ? null : <Components process={process} title={title} />}
    </>
  );
}

function usedBy(process: ProcessComponents, series: readonly MetricSeries[], name: string) {
  return uses.map((use): readonly [string, ReactNode] => {
    const own = seriesOf(process, series, use);
    return [
      use.word,
      <span key={use.metric} className="service-use">
        <Link to="/series" search={{ metric: use.metric, process: name }}>
          {own === undefined ? "–" : writtenUse(own, use)}
        </Link>
        {own === undefined ? null : <Line points={own.points} />}
      </span>,
    ];
  });
}

/** Decoration only: the number next to the line and the page of the metric show the same values. */
function Line({ points }: Pick<MetricSeries, "points">) {
  const line = lineOf(points, 80, 16);
  if (line === "") return null;
  return (
    <svg className="service-line" viewBox="0 -1 80 18" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={line} />
    </svg>
  );
}

function Components({ process, title }: { process: ProcessComponents; title: string }) {
  const [isExpanded, setExpanded] = useState(false);
  const short = shortTree(process);
  const { length } = process.components;
  const visible = isExpanded ? process.components : short;
  return (
    <>
      <div className="scroll-x">
        <table className="lines component-tree">
          <caption className="unseen">Components of {title}</caption>
          <thead>
            <tr>
              <th scope="col">Component</th>
              <th scope="col">State</th>
              <th scope="col">Since</th>
              <th scope="col" className="component-start">
                Start
              </th>
              <th scope="col">Failures</th>
              <th scope="col">Reason or last error</th>
            </tr>
          </thead>
          <tbody>
            {visible.map((component) => (
              <Row key={component.path} component={component} />
            ))}
          </tbody>
        </table>
      </div>
      {short.length === length ? null : (
        <button
          type="button"
          className="press component-more"
          aria-expanded={isExpanded}
          onClick={() => setExpanded(!isExpanded)}
        >
          {isExpanded ? "Show services and problems" : `Show all ${count(length)} components`}
        </button>
      )}
    </>
  );
}

function Row({ component }: { component: Component }) {
  const { name, depth = 0, state, sinceTimeMs, startMs = 0, failures = 0, critical = false } = component;
  const { lastErrorTimeMs, reason = "" } = component;
  const cause = reasonOf(component);
  return (
    <tr>
      <th scope="row" style={{ paddingInlineStart: `calc(${depth} * var(--space-2))` }}>
        {name}
        {critical || depth === 0 ? null : <span className="soft small"> optional</span>}
      </th>
      <td>
        <BadgeMark badge={badgeOf(componentStates, state)} />
      </td>
      <td className="component-since">
        <Moment atMs={sinceTimeMs} />
      </td>
      <td className="component-start">{startMs === 0 ? "" : span(startMs)}</td>
      <td className="component-failures">{failures === 0 ? "" : count(failures)}</td>
      <td className="component-why">
        {reason === "" && cause !== "" ? (
          <span className="soft">
            <Moment atMs={lastErrorTimeMs} />:{" "}
          </span>
        ) : null}
        <InlineText text={cause} />
      </td>
    </tr>
  );
}
