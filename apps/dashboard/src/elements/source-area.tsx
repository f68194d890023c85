import type { Problem } from "@tutti/rest/types";
import type { RefObject } from "react";
import { indented } from "./editing.ts";
import { Field } from "./fields.tsx";
import { Empty, Waiting } from "./parts.tsx";
import "./source-area.css";

/** Where a text for machines is written. */
export function SourceArea(options: {
  label: string;
  area: RefObject<HTMLTextAreaElement | null>;
  text: string;
  onChange: (text: string) => void;
}) {
  const { label, area, text, onChange } = options;
  return (
    <Field label={label} hint="Tab leaves the field; Ctrl ] indents.">
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

/** What is wrong with it, each with its place; a click goes there. */
export function Problems(options: {
  problems: readonly Problem[];
  isChecked: boolean;
  /** What is said where nothing is wrong. */
  good: string;
  onGo: (problem: Problem) => void;
}) {
  const { problems, isChecked, good, onGo } = options;
  if (!isChecked) return <Waiting what="the check" lines={2} />;
  if (problems.length === 0) return <Empty title={good} />;
  return (
    <ul className="problems" aria-label="What is wrong">
      {problems.map((problem) => (
        <li key={`${problem.line} ${problem.column} ${problem.path} ${problem.message}`}>
          <button
            type="button"
            className={`problem-line tone-${problem.severity === "error" || problem.severity === "critical" ? "wrong" : "held"}`}
            onClick={() => onGo(problem)}
          >
            <span className="code">
              {problem.line ?? 0}:{problem.column ?? 0}
            </span>
            <span>
              {problem.message}
              {problem.expected ? <span className="soft"> Expected {problem.expected}.</span> : null}
              {problem.path ? (
                <span className="soft">
                  {" "}
                  <code>{problem.path}</code>
                </span>
              ) : null}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
