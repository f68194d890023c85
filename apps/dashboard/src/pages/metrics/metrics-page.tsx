import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { processName } from "@tutti/rest/text";
import type { Routes } from "@tutti/rest/types";
import { currentNamespace } from "../../effects/namespace.ts";
import { ChoiceField } from "../../elements/fields.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { Typed } from "../runs/filters.tsx";
import { ChangesPart } from "./changes-part.tsx";
import { statisticLabel } from "./lines.ts";
import { MetricPanel } from "./metric-panel.tsx";
import { metricsQuery, rangeQuery } from "./queries.ts";
import { installation, joins, type MetricsSearch, rangeOrder, ranges } from "./search.ts";
import "./metrics.css";

type List = Routes["metrics.list"]["reply"];
type Metric = List["metrics"][number];

/** Resources of each process, and the lag of the recorded facts. */
const board = [
  { title: "CPU", metric: "process_cpu_seconds_total", figure: "rate" },
  { title: "Memory", metric: "process_resident_memory_bytes", figure: "value" },
  { title: "Event-loop delay", metric: "nodejs_eventloop_lag_p99_seconds", figure: "value" },
  { title: "Delay of recorded facts", metric: "tutti_insight_facts_lag_seconds", figure: "value" },
] as const;

/** Any metric over any time, of the installation or of the workers in a namespace. */
export function MetricsPage() {
  const search = useSearch({ from: "/series" });
  const namespace = search.scope === "own" ? currentNamespace() : installation;
  const list = useQuery(metricsQuery(namespace));
  useWindowTitle(search.metric === undefined ? "Metrics" : search.metric);
  return (
    <>
      <PageHead title="Metrics" below={<Origin list={list.data} />} />
      <Choices search={search} list={list.data} />
      {search.metric === undefined ? (
        search.scope === "own" ? null : (
          <Board search={search} />
        )
      ) : (
        <MetricView
          search={search}
          name={search.metric}
          namespace={namespace}
          metric={list.data?.metrics.find(({ name }) => name === search.metric)}
        />
      )}
      <QueryView query={list} label="metrics" lines={6}>
        {({ metrics }) => <All metrics={metrics} search={search} />}
      </QueryView>
    </>
  );
}

/** The source of the values, and how far back it reaches. */
function Origin({ list }: { list: List | undefined }) {
  if (list === undefined) return <>&nbsp;</>;
  const count = list.processes.length === 0 ? null : counted(list.processes.length, "process", "processes");
  if (list.source === "prometheus") return <>Read from Prometheus. {count}</>;
  if (list.source === "insight")
    return (
      <>
        Recorded by insight: a value every 10 s for 2 days, every minute for 90 days. {count}
        {list.problem === undefined ? null : (
          <span className="tone-held metric-origin"> {list.problem}. These values are from the store.</span>
        )}
      </>
    );
  return (
    <span className="tone-held metric-origin">
      From the memory of running processes, at most 24 hours: {list.problem}.
    </span>
  );
}

function useChange(): (search: MetricsSearch) => void {
  const navigate = useNavigate({ from: "/series" });
  return (search) => void navigate({ search, replace: true });
}

function Choices({ search, list }: { search: MetricsSearch; list: List | undefined }) {
  const change = useChange();
  const set = <Name extends keyof MetricsSearch>(name: Name, value: MetricsSearch[Name] | undefined) => {
    const { [name]: _, ...others } = search;
    change(value === undefined || value === "" ? others : { ...others, [name]: value });
  };
  const processes = list?.processes.map(({ name }) => name) ?? [];
  const known = [...new Set([...processes, ...(search.process === undefined ? [] : [search.process])])];
  const labels = list?.metrics.find(({ name }) => name === search.metric)?.labels ?? [];
  return (
    <search className="metric-choices">
      <ChoiceField
        label="Range"
        value={search.range ?? "1h"}
        choices={rangeOrder.map((range) => [range, ranges[range].word] as const)}
        onChange={(value) =>
          set(
            "range",
            rangeOrder.find((range) => range === value),
          )
        }
      />
      <ChoiceField
        label="Scope"
        value={search.scope ?? ""}
        choices={[
          ["", "Installation"],
          ["own", `Namespace ${currentNamespace()}`],
        ]}
        onChange={(value) => {
          const { range } = search;
          change({ ...(range === undefined ? {} : { range }), ...(value === "own" ? { scope: "own" } : {}) });
        }}
      />
      {search.scope === "own" ? null : (
        <ChoiceField
          label="Process"
          value={search.process ?? ""}
          choices={[["", "all"], ...known.map((name) => [name, processName(name)] as const)]}
          onChange={(value) => set("process", value)}
        />
      )}
      {search.metric === undefined ? null : <Joining search={search} labels={labels} />}
    </search>
  );
}

/** Selects how series of the metric are combined into one line. */
function Joining({ search, labels }: { search: MetricsSearch; labels: readonly string[] }) {
  const change = useChange();
  const { over, by, ...others } = search;
  return (
    <>
      <ChoiceField
        label="Join series"
        value={over ?? ""}
        choices={[["", "none"], ...joins.map((join) => [join, join] as const)]}
        onChange={(value) => {
          const join = joins.find((each) => each === value);
          change(join === undefined ? others : { ...search, over: join });
        }}
      />
      <ChoiceField
        label="One line per"
        value={over === undefined ? "" : (by ?? "")}
        choices={[
          ["", over === undefined ? "series" : "metric"],
          ...labels.map((label) => [label, label] as const),
        ]}
        onChange={(value) =>
          change(
            value === ""
              ? { ...others, ...(over === undefined ? {} : { over }) }
              : { ...others, over: over ?? "sum", by: value },
          )
        }
      />
    </>
  );
}

const labelOf = ({ process }: MetricsSearch) =>
  process === undefined ? {} : { label: [`process=${process}`] };

function Board({ search }: { search: MetricsSearch }) {
  const query = useQuery(
    rangeQuery({
      namespace: installation,
      name: board.map(({ metric }) => metric),
      range: search.range ?? "1h",
      ...labelOf(search),
    }),
  );
  return (
    <Part title="Processes" aside={ranges[search.range ?? "1h"].word}>
      <QueryView query={query} label="processes" lines={6}>
        {({ series }) => (
          <div className="metric-board">
            {board.map(({ title, metric, figure }) => (
              <MetricPanel
                key={metric}
                title={title}
                metric={metric}
                figure={figure}
                heightPx={160}
                rowsMax={12}
                series={series.filter(({ name }) => name === metric)}
              />
            ))}
          </div>
        )}
      </QueryView>
    </Part>
  );
}

function MetricView(options: {
  search: MetricsSearch;
  name: string;
  namespace: string;
  metric: Metric | undefined;
}) {
  const { search, name, namespace, metric } = options;
  const { range = "1h", over, by } = search;
  const query = useQuery(
    rangeQuery({
      namespace,
      name: [name],
      range,
      ...labelOf(search),
      ...(over === undefined ? {} : { over, ...(by === undefined ? {} : { by: [by] }) }),
    }),
  );
  const figures = [...new Set(query.data?.series.map(({ figure = "" }) => figure))];
  return (
    <>
      <Part title={<span className="metric-name">{name}</span>} aside={ranges[range].word}>
        <p>{metric?.help}</p>
        <QueryView query={query} label="values" lines={8}>
          {({ series }) => {
            if (figures.length === 0) return <Empty title="No values in this range" />;
            return figures.map((figure) => (
              <MetricPanel
                key={figure}
                metric={name}
                figure={figure}
                series={series}
                heightPx={220}
                rowsMax={50}
                {...(figures.length > 1 ? {} : { title: statisticLabel(name, figure) || "Value" })}
              />
            ));
          }}
        </QueryView>
      </Part>
      {figures.length === 0 || query.data?.source === "processes" ? null : (
        <ChangesPart
          key={JSON.stringify([name, search])}
          metric={name}
          namespace={namespace}
          figures={figures}
          search={search}
        />
      )}
    </>
  );
}

function All({ metrics, search }: { metrics: readonly Metric[]; search: MetricsSearch }) {
  const change = useChange();
  const { text = "" } = search;
  const found = metrics.filter(
    ({ name, help }) => name.includes(text.toLowerCase()) || help.toLowerCase().includes(text.toLowerCase()),
  );
  return (
    <Part title="All metrics" aside={`${found.length} of ${metrics.length}`}>
      {metrics.length === 0 ? (
        <Empty title="No metrics yet.">
          <p>
            {search.scope === "own"
              ? "Handlers record metrics with context.counter, context.gauge and context.histogram."
              : "No process answers."}
          </p>
        </Empty>
      ) : (
        <>
          <Typed
            label="Search"
            placeholder="name or description"
            kind="search"
            value={search.text}
            onChange={(typed) => {
              const { text: _, ...others } = search;
              change(typed === undefined ? others : { ...others, text: typed });
            }}
          />
          <ul className="metric-list">
            {found.map(({ name, type, help }) => (
              <li key={name}>
                <Link to="/series" search={{ ...retained(search), metric: name }}>
                  <code>{name}</code>
                </Link>{" "}
                <Tag>{type}</Tag>
                <div className="small soft">{help}</div>
              </li>
            ))}
          </ul>
        </>
      )}
    </Part>
  );
}

/** Returns the settings that remain when the user opens another metric. */
function retained({ range, scope, process, text }: MetricsSearch): MetricsSearch {
  return {
    ...(range === undefined ? {} : { range }),
    ...(scope === undefined ? {} : { scope }),
    ...(process === undefined ? {} : { process }),
    ...(text === undefined ? {} : { text }),
  };
}
