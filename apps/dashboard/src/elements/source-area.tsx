import type { Problem } from "@tutti/rest/types";
import type { RefObject } from "react";
import { indented } from "./editing.ts";
import { Field } from "./fields.tsx";
import { Empty, Loading } from "./parts.tsx";
import "./source-area.css";

/** An editor for source text. */
export function SourceArea(options: {
  label: string;
  area: RefObject<HTMLTextAreaElement | null>;
  text: string;
  onChange: (text: string) => void;
}) {
  const { label, area, text, onChange } = options;
  return (
    <Field label={label} hint="Tab leaves the field. Ctrl ] indents.">
      {({ id, describedBy }) => (
        <textarea
          ref={area}
          id={id}
          className="code"
          value={text}
          spellCheck={false}
          wrap="off"
          aria-describedby={describedBy}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (!event.ctrlKey || event.key !== "]") return;
            event.preventDefault();
            const { selectionStart } = event.currentTarget;
            onChange(indented(text, selectionStart));
          }}
        />
      )}
    </Field>
  );
}

/** Problems of a text, each with its place. A click moves to the place if there is one. */
export function Problems(options: {
  problems: readonly Problem[];
  isChecked: boolean;
  /** The message for a text without problems. */
  good: string;
  onSelect: ((problem: Problem) => void) | undefined;
}) {
  const { problems, isChecked, good, onSelect } = options;
  if (!isChecked) return <Loading label="check result" lines={2} />;
  if (problems.length === 0) return <Empty title={good} />;
  return (
    <ul className="problems" aria-label="Problems">
      {problems.map((problem) => (
        <li key={`${problem.line} ${problem.column} ${problem.path} ${problem.message}`}>
          {onSelect === undefined ? (
            <p className={`problem-line ${toneOf(problem)}`}>
              <ProblemView problem={problem} />
            </p>
          ) : (
            <button
              type="button"
              className={`problem-line ${toneOf(problem)}`}
              onClick={() => onSelect(problem)}
            >
              <span className="code">
                {problem.line ?? 0}:{problem.column ?? 0}
              </span>
              <ProblemView problem={problem} />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function ProblemView({ problem }: { problem: Problem }) {
  const { message, expected, path } = problem;
  return (
    <span>
      {message}
      {expected ? <span className="soft"> Expected {expected}.</span> : null}
      {path ? (
        <span className="soft">
          {" "}
          <code>{path}</code>
        </span>
      ) : null}
    </span>
  );
}

function toneOf({ severity }: Problem): string {
  return severity === "error" || severity === "critical" ? "tone-wrong" : "tone-held";
}
