import type { Explanation } from "@tutti/rest/types";
import { Glyph } from "../score/glyph.tsx";
import { Command } from "./copy.tsx";
import "./explained.css";
import { asSentence } from "./markdown.ts";
import { InlineText } from "./markdown.tsx";
import { Moment } from "./moment.tsx";
import { span } from "./moments.ts";

/** The answer to "why": the reasons for waiting, workers that could execute the task, and remedies. */
export function Explained({
  explanation,
  onPart,
}: {
  explanation: Explanation;
  onPart?: (task: string) => void;
}) {
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
    <div className="why">
      <p>
        <InlineText text={summary} />
      </p>
      {present.length === 0 ? null : (
        <ul className="why-waits">
          {present.map((wait) => (
            <Present key={keyOf(wait)} wait={wait} />
          ))}
        </ul>
      )}
      {expectedStartTimeMs === undefined ? null : (
        <p className="small">
          Expected start <Moment atMs={expectedStartTimeMs} />.
        </p>
      )}
      {remedies.length === 0 ? null : <Remedies remedies={remedies} />}
      {onPart !== undefined && parts.length > 0 ? <Parts parts={parts} onPart={onPart} /> : null}
      {candidates.length === 0 ? null : <Candidates candidates={candidates} />}
      {passed.length === 0 ? null : (
        <details>
          <summary>Earlier waits</summary>
          <ul className="why-waits">
            {passed.map((wait) => (
              <li key={keyOf(wait)} className="why-wait">
                {wait.message}: {span(wait.waitedMs ?? 0)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

type Wait = NonNullable<Explanation["waits"]>[number];

function keyOf({ cause, subject, message }: Wait): string {
  return `${cause} ${subject} ${message}`;
}

function Present({ wait: { message, waitedMs = 0, endTimeMs } }: { wait: Wait }) {
  return (
    <li className="why-wait tone-held">
      <Glyph name="fermata" />
      <span>
        <InlineText text={asSentence(message ?? "")} />
        <span className="small soft">
          {waitedMs > 0 ? ` For ${span(waitedMs)}.` : ""}
          {endTimeMs === undefined ? null : (
            <>
              {" "}
              Until <Moment atMs={endTimeMs} />.
            </>
          )}
        </span>
      </span>
    </li>
  );
}

function Remedies({ remedies }: { remedies: NonNullable<Explanation["remedies"]> }) {
  return (
    <>
      <p className="why-help">Remedies</p>
      <ul className="why-remedies">
        {remedies.map(({ text = "", command = "" }) => (
          <li key={text}>
            <InlineText text={asSentence(text)} />
            <Command text={command} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Parts({ parts, onPart }: { parts: readonly Explanation[]; onPart: (task: string) => void }) {
  return (
    <ul className="why-waits">
      {parts.map(({ about, summary = "" }) => (
        <li key={about?.task} className="why-wait">
          <button type="button" className="text-link" onClick={() => onPart(about?.task ?? "")}>
            {about?.task}
          </button>
          <span>
            <InlineText text={summary} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Candidates({ candidates }: { candidates: NonNullable<Explanation["candidates"]> }) {
  return (
    <details>
      <summary>Candidates ({candidates.length})</summary>
      <ul className="why-candidates">
        {candidates.map(({ kind, id, chosen, eligible, reason = "" }) => (
          <li key={`${kind} ${id}`}>
            <code>{id}</code> {chosen === true ? "selected" : eligible === true ? "eligible" : "not eligible"}
            {reason === "" ? "" : `: ${reason}`}
          </li>
        ))}
      </ul>
    </details>
  );
}
