import type { Remedy, WorkReference } from "@tutti/rest/types";
import type { ReactNode } from "react";
import type { Tone } from "../score/states.ts";
import { Command } from "./copy.tsx";
import "./finding.css";
import { InlineText } from "./markdown.tsx";
import { Moment } from "./moment.tsx";
import { count } from "./moments.ts";
import { Meter } from "./parts.tsx";
import { WorkLink } from "./work-link.tsx";

const examplesMax = 5;

export interface FindingOptions {
  /** 0 to 1. */
  readonly share: number;
  /** Name of the whole that the share refers to. */
  readonly shareText: ReactNode;
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
  const { share, shareText, tone, summary, evidence, remedies, startTimeMs, examples } = options;
  return (
    <article className="finding">
      <div className="finding-share small">
        <Meter share={share} tone={tone} />
        {shareText}
      </div>
      <div className="finding-what">
        <h3>
          <InlineText text={summary ?? ""} />
        </h3>
        {evidence.length === 0 ? null : (
          <ul className="small soft">
            {evidence.map((line) => (
              <li key={line}>
                <InlineText text={line} />
              </li>
            ))}
          </ul>
        )}
        {remedies.map(({ text = "", command = "" }) => (
          <p key={text}>
            <InlineText text={text} />
            <Command text={command} />
          </p>
        ))}
        <p className="small soft">
          First seen <Moment atMs={startTimeMs} />.{examples.length === 0 ? null : " Examples: "}
          {examples.slice(0, examplesMax).map((work, place) => (
            <span key={work.id}>
              {place === 0 ? null : ", "}
              <WorkLink about={work} />
            </span>
          ))}
          {examples.length > examplesMax ? ` and ${count(examples.length - examplesMax)} more` : null}
        </p>
        {options.children}
      </div>
    </article>
  );
}
