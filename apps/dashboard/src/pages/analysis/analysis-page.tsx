import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Bottleneck, Pattern } from "@tutti/rest/types";
import { workflowsQuery } from "../../data/queries.ts";
import { Causes } from "../../elements/causes.tsx";
import { ChoiceField } from "../../elements/fields.tsx";
import { Finding } from "../../elements/finding.tsx";
import { counted, span as lasting, percent } from "../../elements/moments.ts";
import { PageHead } from "../../elements/parts.tsx";
import { Found } from "./found.tsx";
import { Profile } from "./profile.tsx";
import { bottlenecksQuery, causesQuery, patternsQuery, slowQuery } from "./queries.ts";
import { type AnalysisSearch, analysisSearch, defaultSpan, spanOrder, spans } from "./search.ts";
import "./analysis.css";

/** Analyses of recorded work: bottlenecks, causes of failures, and patterns. */
export function AnalysisPage() {
  const search = useSearch({ from: "/analysis" });
  const queries = useQueryClient();
  return (
    <>
      <PageHead
        title="Analysis"
        below="Findings in recorded work, each with evidence and a proposal"
        actions={
          <>
            <Link to="/advice" className="press">
              Advice
            </Link>
            <Link to="/models" className="press">
              Models
            </Link>
            <Link to="/capacity" className="press">
              Capacity
            </Link>
            <Link to="/what-if" className="press">
              What-if
            </Link>
            <button
              type="button"
              className="press"
              onClick={() => void queries.invalidateQueries({ queryKey: ["analysis"] })}
            >
              Analyse again
            </button>
          </>
        }
      />
      <Choices search={search} />
      {search.workflow === undefined ? null : <Profile search={search} workflow={search.workflow} />}
      <div className="analysis-columns">
        <div>
          <Bottlenecks search={search} />
        </div>
        <div>
          {search.workflow === undefined ? null : <Slow search={search} workflow={search.workflow} />}
          <Failures search={search} />
          <Patterns search={search} />
        </div>
      </div>
    </>
  );
}

function Choices({ search }: { search: AnalysisSearch }) {
  const navigate = useNavigate({ from: "/analysis" });
  const { data } = useQuery(workflowsQuery());
  const change = (next: Record<keyof AnalysisSearch, unknown>) =>
    void navigate({ search: analysisSearch(next), replace: true });
  const { workflow, span = defaultSpan } = search;
  const known = data?.definitions.map(({ name = "" }) => name) ?? [];
  const names = [...new Set([...known, ...(workflow === undefined ? [] : [workflow])])];
  return (
    <search className="analysis-look">
      <ChoiceField
        label="Time"
        value={span}
        choices={spanOrder.map((each) => [each, spans[each].word] as const)}
        onChange={(next) => change({ span: next, workflow })}
      />
      <ChoiceField
        label="Workflow"
        value={workflow ?? ""}
        choices={[["", "all"], ...names.map((name) => [name, name] as const)]}
        onChange={(next) => change({ span, workflow: next })}
      />
    </search>
  );
}

function Bottlenecks({ search }: { search: AnalysisSearch }) {
  const query = useQuery(bottlenecksQuery(search));
  return (
    <Found
      title="Bottlenecks"
      part="bottlenecks"
      search={search}
      query={query}
      isEmpty={({ bottlenecks }) => bottlenecks.length === 0}
      emptyText="No bottlenecks found."
    >
      {({ bottlenecks }) => (
        <ol className="findings">
          {bottlenecks.map((found) => (
            <li key={`${found.definition} ${found.kind} ${found.subject}`}>
              <BottleneckItem found={found} />
            </li>
          ))}
        </ol>
      )}
    </Found>
  );
}

function BottleneckItem({ found }: { found: Bottleneck }) {
  const { share = 0, summary, improvements, startTimeMs, examples, waitedMs = 0, tasks = 0 } = found;
  const faster = Math.max(0, ...improvements.map((each) => each.faster ?? 0));
  const change = improvements.some(({ lessWaiting = 1 }) => lessWaiting < 1)
    ? "At twice the speed"
    : "Without it";
  return (
    <Finding
      share={share}
      shareText={percent(share)}
      tone="held"
      summary={summary}
      startTimeMs={startTimeMs}
      examples={examples}
      evidence={[
        `${lasting(waitedMs)} on the critical paths of ${counted(tasks, "run or mission", "runs and missions")}.`,
        ...(faster > 0 ? [`${change}, work takes at least ${percent(faster)} less time.`] : []),
      ]}
      remedies={improvements.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]))}
    />
  );
}

function Patterns({ search }: { search: AnalysisSearch }) {
  const query = useQuery(patternsQuery(search));
  return (
    <Found
      title="Patterns"
      part="patterns"
      search={search}
      query={query}
      isEmpty={({ patterns }) => patterns.length === 0}
      emptyText="No patterns found."
    >
      {({ patterns }) => (
        <ol className="findings">
          {patterns.map((found) => (
            <li key={`${found.kind} ${found.subject} ${found.summary}`}>
              <PatternItem found={found} />
            </li>
          ))}
        </ol>
      )}
    </Found>
  );
}

function PatternItem({ found }: { found: Pattern }) {
  const { share = 0, count = 0, summary, remedies, startTimeMs, examples } = found;
  return (
    <Finding
      share={share}
      shareText={counted(count, "time")}
      tone="again"
      summary={summary}
      startTimeMs={startTimeMs}
      examples={examples}
      remedies={remedies}
      evidence={[]}
    />
  );
}

function Failures({ search }: { search: AnalysisSearch }) {
  const query = useQuery(causesQuery(search));
  return (
    <Found
      title="Causes of failures"
      part="causes"
      search={search}
      query={query}
      isEmpty={({ causes }) => causes.length === 0}
      emptyText="Failures have nothing in common."
    >
      {({ causes }) => <Causes causes={causes} />}
    </Found>
  );
}

function Slow({ search, workflow }: { search: AnalysisSearch; workflow: string }) {
  const query = useQuery(slowQuery(search));
  return (
    <Found
      title={`Causes of slow attempts of ${workflow}`}
      part="slow"
      search={search}
      query={query}
      isEmpty={({ causes }) => causes.length === 0}
      emptyText="Slow attempts have nothing in common."
    >
      {({ causes }) => <Causes causes={causes} />}
    </Found>
  );
}
