import type { Remedy, WorkReference } from "@tutti/rest/types";
import type { ReactNode } from "react";
import type { Tone } from "../score/states.ts";
import { Copy } from "./copy.tsx";
import "./finding.css";
import { Spans } from "./markdown.tsx";
import { Moment } from "./moment.tsx";
import { count } from "./moments.ts";
import { Meter } from "./parts.tsx";
import { WorkLink } from "./work-link.tsx";

const examplesShown = 5;

export interface FindingOptions {
  /** 0 to 1. */
  readonly share: number;
  /** Name of the whole that the share refers to. */
  readonly shareWords: ReactNode;
  readonly tone: Tone;
  readonly summary: string | undefined;
  readonly evidence: readonly string[];
  readonly remedies: readonly Remedy[];
  readonly startTimeMs: number | undefined;
  readonly examples: readonly WorkReference[];
  readonly children?: ReactNode;
}

/** A finding in recorded work: share, summary, evidence, remedies, first occurrence and examples. */
export function Finding(options: FindingOptions) {
  const { share, shareWords, tone, summary, evidence, remedies, startTimeMs, examples } = options;
  return (
    <article className="finding">
      <div className="finding-share small">
        <Meter share={share} tone={tone} />
        {shareWords}
      </div>
      <div className="finding-what">
        <h3>
          <Spans text={summary ?? ""} />
        </h3>
        {evidence.length === 0 ? null : (
          <ul className="small soft">
            {evidence.map((line) => (
              <li key={line}>
                <Spans text={line} />
              </li>
            ))}
          </ul>
        )}
        {remedies.map(({ text = "", command = "" }) => (
          <p key={text}>
            <Spans text={text} />
            {command === "" ? null : (
              <>
                {" "}
                <code>{command}</code> <Copy text={command} what="the command" />
              </>
            )}
          </p>
        ))}
        <p className="small soft">
          First seen <Moment atMs={startTimeMs} />.{examples.length === 0 ? null : " Examples: "}
          {examples.slice(0, examplesShown).map((work, place) => (
            <span key={work.id}>
              {place === 0 ? null : ", "}
              <WorkLink about={work} />
            </span>
          ))}
          {examples.length > examplesShown ? ` and ${count(examples.length - examplesShown)} more` : null}
        </p>
        {options.children}
      </div>
    </article>
  );
}
