import { useQuery } from "@tanstack/react-query";
import type { Explanation } from "@tutti/rest/types";
import { pageError, send } from "../../data/send.ts";
import { Copy } from "../../elements/copy.tsx";
import { Moment } from "../../elements/moment.tsx";
import { span } from "../../elements/moments.ts";
import { Waiting } from "../../elements/parts.tsx";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { whyOf } from "../actions/actions.ts";
import { useGo } from "../live/use-address.ts";
import type { RunFacts } from "../model/facts.ts";

const askedAgainMs = 5_000;

/** Why a task, or the run, stands as it does: what it waits for, who could do it, and what would help. */
export function Why({ run, taskId, stamp }: { run: RunFacts; taskId: string; stamp: string }) {
  const spelling = whyOf(run, taskId);
  const Title = taskId === "" ? "h2" : "h3";
  const query = useQuery({
    queryKey: ["run", run.id, "why", taskId, stamp],
    queryFn: async ({ signal }) => (await send(spelling.call, signal)) as Explanation,
    refetchInterval: askedAgainMs,
    placeholderData: (before) => before,
  });
  return (
    <section className="run-panel-part run-reason">
      <Title>
        {taskId === "" ? "Why the run stands so" : "Why it stands so"}
        <Spelled label="Why" call={spelling.call} command={spelling.command} />
      </Title>
      {query.data !== undefined ? <Answer explanation={query.data} taskId={taskId} /> : null}
      {query.data === undefined && query.error !== null ? (
        <p className="soft">{pageError(query.error).message}</p>
      ) : null}
      {query.isLoading ? <Waiting what="the reason" lines={2} /> : null}
    </section>
  );
}

function Answer({ explanation, taskId }: { explanation: Explanation; taskId: string }) {
  const {
    summary = "",
    waits = [],
    candidates = [],
    remedies = [],
    expectedStartTimeMs,
    parts = [],
  } = explanation;
  const present = waits.filter((wait) => wait.present === true);
  const passed = waits.filter((wait) => wait.present !== true && (wait.waitedMs ?? 0) > 0);
  return (
    <>
      <p className="run-why-summary">{summary}</p>
      {present.length === 0 ? null : (
        <ul className="run-waits">
          {present.map((wait) => (
            <Present key={keyOf(wait)} wait={wait} />
          ))}
        </ul>
      )}
      {expectedStartTimeMs === undefined ? null : (
        <p className="small">
          Expected to begin <Moment atMs={expectedStartTimeMs} />.
        </p>
      )}
      {remedies.length === 0 ? null : <Remedies remedies={remedies} />}
      {taskId === "" && parts.length > 0 ? <Parts parts={parts} /> : null}
      {candidates.length === 0 ? null : <Candidates candidates={candidates} />}
      {passed.length === 0 ? null : (
        <details>
          <summary>What it waited for before</summary>
          <ul className="run-waits">
            {passed.map((wait) => (
              <li key={keyOf(wait)} className="run-wait">
                {wait.message}: {span(wait.waitedMs ?? 0)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

type Wait = NonNullable<Explanation["waits"]>[number];

function keyOf({ cause, subject, message }: Wait): string {
  return `${cause} ${subject} ${message}`;
}

function Present({ wait: { message, waitedMs = 0, endTimeMs } }: { wait: Wait }) {
  return (
    <li className="run-wait tone-held">
      <Glyph name="fermata" />
      <span>
        {message}
        <span className="small soft">
          {waitedMs > 0 ? ` · for ${span(waitedMs)}` : ""}
          {endTimeMs === undefined ? "" : " · until "}
          {endTimeMs === undefined ? null : <Moment atMs={endTimeMs} />}
        </span>
      </span>
    </li>
  );
}

function Remedies({ remedies }: { remedies: NonNullable<Explanation["remedies"]> }) {
  return (
    <>
      <p className="run-why-help">What would help</p>
      <ul className="run-remedies">
        {remedies.map(({ text = "", command = "" }) => (
          <li key={text}>
            {text}
            {command === "" ? null : (
              <>
                {" "}
                <code>{command}</code> <Copy text={command} what="the command" />
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function Parts({ parts }: { parts: readonly Explanation[] }) {
  const go = useGo();
  return (
    <ul className="run-waits">
      {parts.map(({ about, summary = "" }) => (
        <li key={about?.task} className="run-wait">
          <button type="button" className="run-link" onClick={() => go({ task: about?.task ?? "" })}>
            {about?.task}
          </button>
          <span>{summary}</span>
        </li>
      ))}
    </ul>
  );
}

function Candidates({ candidates }: { candidates: NonNullable<Explanation["candidates"]> }) {
  return (
    <details>
      <summary>Who could do it ({candidates.length})</summary>
      <ul className="run-candidates">
        {candidates.map(({ kind, id, chosen, eligible, reason = "" }) => (
          <li key={`${kind} ${id}`}>
            <code>{id}</code>{" "}
            {chosen === true ? "was chosen" : eligible === true ? "could do it" : "could not"}
            {reason === "" ? "" : `: ${reason}`}
          </li>
        ))}
      </ul>
    </details>
  );
}
