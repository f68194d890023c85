import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Recommendation, RecommendationStatus, Routes, TrialRuns } from "@tutti/rest/types";
import { useState } from "react";
import { read } from "../../data/queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import "../../elements/finding.css";
import "../workflows/workflows.css";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { InlineText } from "../../elements/markdown.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, counted, percent, span } from "../../elements/moments.ts";
import { Empty, Meter, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import type { Tone } from "../../score/states.ts";

const size = 500;
const statuses: readonly RecommendationStatus[] = [
  ...(["open", "trial", "applied", "dismissed", "expired", "taken_back"] as const),
];

const path = pathOf(["advice"], { size, status: statuses });

const adviceQuery = () =>
  queryOptions({
    queryKey: ["advice"],
    queryFn: ({ signal }) => read<Routes["advice.list"]["reply"]>(path, signal),
  });

/** Recommendations with the evidence of recorded runs, and their outcomes. */
export function AdvicePage() {
  const query = useQuery(adviceQuery());
  return (
    <>
      <PageHead
        title="Advice"
        below="Changes of workflows and pools that recorded work proposes. An applied one takes itself back if it does harm."
      />
      <QueryView query={query} label="advice" lines={6}>
        {({ recommendations: all }) => (
          <>
            <Group title="On trial" of={["trial"]} emptyText="No recommendation is on trial." all={all} />
            <Group
              title="Open"
              of={["open"]}
              emptyText="No open recommendations. They need 5 completed runs of a workflow, or 200 tasks of a pool in an hour."
              all={all}
              aside={
                <span className="action lone">
                  <Spelled label="Advice" call={{ method: "GET", path }} command="tutti advice list --all" />
                </span>
              }
            />
            <Group
              title="Decided"
              of={["applied", "taken_back", "dismissed", "expired"]}
              emptyText="No decided recommendations yet."
              all={all}
            />
          </>
        )}
      </QueryView>
    </>
  );
}

interface GroupOptions {
  readonly title: string;
  readonly of: readonly RecommendationStatus[];
  readonly emptyText: string;
  readonly all: readonly Recommendation[];
  readonly aside?: React.ReactNode;
}

function Group({ title, of, emptyText, all, aside }: GroupOptions) {
  const found = all.filter(({ status }) => of.includes(status));
  return (
    <Part title={title} aside={aside}>
      {found.length === 0 ? (
        <Empty title={emptyText} />
      ) : (
        <ol className="findings">
          {found.map((each) => (
            <li key={each.recommendationId}>
              <Line each={each} />
            </li>
          ))}
        </ol>
      )}
    </Part>
  );
}

const measures: Readonly<Record<string, string>> = { time_p90: "p90 time" };

const words: Readonly<Partial<Record<RecommendationStatus, readonly [string, Tone]>>> = {
  trial: ["on trial", "playing"],
  applied: ["applied", "done"],
  taken_back: ["taken back", "wrong"],
  dismissed: ["dismissed", "silent"],
  expired: ["expired", "silent"],
};

function Line({ each }: { each: Recommendation }) {
  const { gain, reasons, changes, status, trial, title, risk, quietUntilMs, pool = "", manual = "" } = each;
  const isPool = pool !== "";
  const label = words[status];
  return (
    <article className="finding">
      <div className="finding-share small">
        <Meter share={gain?.median ?? 0} tone="done" />
        <span>
          {percent(gain?.median ?? 0)} less {measures[gain?.measure ?? "time"] ?? gain?.measure}
        </span>
      </div>
      <div className="finding-what">
        <h3>
          {subjectText(each)}: <InlineText text={title ?? ""} />{" "}
          {label === undefined ? null : <Tag tone={label[1]}>{label[0]}</Tag>}
        </h3>
        <ul className="small soft">
          {reasons.map((line) => (
            <li key={line}>
              <InlineText text={line} />
            </li>
          ))}
          <li>
            {replayText(each)}: {count(gain?.runs ?? 0)}. Gain: {percent(gain?.low ?? 0)} to{" "}
            {percent(gain?.high ?? 0)} for 8 of 10{isPool ? " parts of the time" : ""}.
          </li>
        </ul>
        <p>
          Risk: <InlineText text={risk ?? ""} />
        </p>
        {changes.map((line) => (
          <p key={line}>
            <code>{line}</code>
          </p>
        ))}
        {trial === undefined ? null : (
          <ul className="small soft">
            <li>
              {trial.percent ?? 0} % of {isPool ? "the time" : "new runs"}, started{" "}
              <Moment atMs={trial.startTimeMs} />
            </li>
            {trial.before === undefined ? null : <li>Before: {runsText(trial.before, isPool)}</li>}
            {trial.tried === undefined ? null : <li>Tried: {runsText(trial.tried, isPool)}</li>}
            {(trial.finding ?? "") === "" ? null : <li>{trial.finding}</li>}
            {(trial.nextRuns ?? 0) === 0 ? null : (
              <li>
                Next comparison after {count(trial.nextRuns ?? 0)}{" "}
                {isPool ? "spans of each strategy" : "runs of each version"}.
              </li>
            )}
          </ul>
        )}
        {manual === "" ? null : (
          <p>
            Cannot be applied automatically: <InlineText text={manual} />
          </p>
        )}
        {quietUntilMs === undefined ? null : (
          <p className="small soft">Not made again before {dates.format(quietUntilMs)}.</p>
        )}
        {status === "open" || status === "trial" ? <Actions each={each} /> : null}
      </div>
    </article>
  );
}

const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

const subjectText = ({ subject = "", pool = "" }: Recommendation): string =>
  pool === "" ? subject : `Pool ${pool}`;

function replayText({ gain, pool = "" }: Recommendation): string {
  if (pool !== "") return "Replay of tasks";
  return (gain?.measure ?? "").startsWith("time") ? "Replay of runs" : "Attempts, about";
}

function runsText({ runs = 0, failed = 0, p50Ms = 0, p90Ms = 0 }: TrialRuns, isPool: boolean): string {
  return `${counted(runs, isPool ? "span" : "run")}, ${isPool ? counted(failed, "task") : count(failed)} failed, p50 ${span(p50Ms)}, p90 ${span(p90Ms)}`;
}

function Actions({ each }: { each: Recommendation }) {
  const { recommendationId: id, status, pool = "", manual = "" } = each;
  const [requested, setRequested] = useState<"apply" | "dismiss">();
  const queries = useQueryClient();
  const done = () => {
    setRequested(undefined);
    for (const kind of ["advice", "workflow", "workflows"])
      void queries.invalidateQueries({ queryKey: [kind] });
  };
  const call = (verb: string) => (reason: string) => ({
    method: "POST" as const,
    path: `/v1/advice/${encodeURIComponent(id)}/${verb}`,
    body: reason === "" ? {} : { reason },
  });
  const command = (verb: string) => (reason: string) =>
    commandLine("tutti", "advice", verb, id, ...(reason === "" ? [] : ["--reason", reason]));
  const ending = status === "trial" ? "Take back" : "Dismiss";
  return (
    <p className="workflow-tags">
      {status === "open" && manual === "" ? (
        <button type="button" className="press" onClick={() => setRequested("apply")}>
          Apply …
        </button>
      ) : null}
      <button type="button" className="press quiet" onClick={() => setRequested("dismiss")}>
        {ending} …
      </button>
      <Dialog title={`Apply ${id}`} open={requested === "apply"} onClose={() => setRequested(undefined)}>
        <ConfirmForm
          action={{
            label: "Apply",
            weight: "main",
            doneText: `${subjectText(each)} has a change on trial.`,
            question:
              pool === ""
                ? "The changed version gets 20 % of the new runs. If the trial shows that it is faster, it gets all new runs. Otherwise it is rolled back."
                : "The pool chooses by both strategies in turn, by default for 5 minutes each. If the trial shows that the new one is faster, it stays. Otherwise it is rolled back.",
          }}
          subject="advice"
          call={call("apply")}
          command={command("apply")}
          onDone={done}
        />
      </Dialog>
      <Dialog
        title={`${ending} ${id}`}
        open={requested === "dismiss"}
        onClose={() => setRequested(undefined)}
      >
        <ConfirmForm
          action={{
            label: ending,
            weight: "plain",
            doneText: "It is not made again for 7 days.",
            question: "The same recommendation is not made again for 7 days.",
          }}
          subject="advice"
          call={call("dismiss")}
          command={command("dismiss")}
          onDone={done}
        />
      </Dialog>
    </p>
  );
}
