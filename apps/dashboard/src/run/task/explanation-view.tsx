import { useQuery } from "@tanstack/react-query";
import type { Explanation } from "@tutti/rest/types";
import { pageError, send } from "../../data/send.ts";
import { Explained } from "../../elements/explained.tsx";
import { Loading } from "../../elements/parts.tsx";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { explanationOf } from "../actions/actions.ts";
import { useGo } from "../live/use-address.ts";
import { useStuckExplanation } from "../live/use-stuck.ts";
import type { RunFacts } from "../model/facts.ts";
import { failureOf } from "../model/read.ts";
import { Failing } from "./failing.tsx";

const refetchMs = 5_000;

/** Explains the state of a task or the run: reasons for waiting, matching workers, and remedies. */
export function ExplanationView({ run, taskId, stamp }: { run: RunFacts; taskId: string; stamp: string }) {
  const spelling = explanationOf(run, taskId);
  const go = useGo();
  const Title = taskId === "" ? "h2" : "h3";
  const query = useQuery({
    queryKey: ["run", run.id, "why", taskId, stamp],
    queryFn: async ({ signal }) => (await send(spelling.call, signal)) as Explanation,
    refetchInterval: refetchMs,
    placeholderData: (before) => before,
  });
  return (
    <section className="run-panel-part run-reason">
      <Title>
        Explanation
        <Spelled label="Why" call={spelling.call} command={spelling.command} />
      </Title>
      {query.data !== undefined ? (
        <Explained
          explanation={query.data}
          {...(taskId === "" ? { onPart: (task: string) => go({ task }) } : {})}
        />
      ) : null}
      {query.data === undefined && query.error !== null ? (
        <p className="soft">{pageError(query.error).message}</p>
      ) : null}
      {query.isLoading ? <Loading label="the reason" lines={2} /> : null}
    </section>
  );
}

/** Maximum number of remedies at the head of a stuck run. Each task shows its own. */
const remediesMax = 3;

/** Explains why a running run makes no progress: the answer of `tutti why` in one line, and remedies. */
export function StuckReason() {
  const explanation = useStuckExplanation();
  if (explanation?.summary === undefined) return null;
  const { summary, waits = [], failures = [], remedies = [], parts = [] } = explanation;
  const all = [...remedies, ...parts.flatMap((part) => part.remedies ?? [])];
  // A remedy that applies to the run and to a task of it is shown once, as that of the run.
  const distinct = new Map(all.toReversed().map((remedy) => [remedy.text, remedy]));
  // A timer and a child run end by themselves.
  if (distinct.size === 0 && waits.every(({ cause }) => cause === "timer" || cause === "child")) return null;
  const failure = waits.some(({ cause }) => cause === "paused") ? failureOf(failures[0]?.error) : undefined;
  return (
    <section className="run-reason" aria-label="Why the run waits">
      {failure === undefined ? null : <Failing failure={failure} />}
      <Explained
        explanation={{
          ...nothingElse,
          summary,
          remedies: [...distinct.values()].toReversed().slice(0, remediesMax),
        }}
      />
    </section>
  );
}

const nothingElse = { waits: [], candidates: [], failures: [], parts: [] };
