/** Common parts of the pages of a run, a mission and a session. */
import type { TaskCounts, WorkReference } from "@tutti/rest/types";
import { type ReactNode, useEffect } from "react";
import { BadgeMark } from "../score/glyph.tsx";
import { runBadge } from "../score/states.ts";
import { Copy } from "./copy.tsx";
import { Duration, Moment } from "./moment.tsx";
import type { Lifetime } from "./moments.ts";
import { PageHead } from "./parts.tsx";
import { WorkLink } from "./work-link.tsx";
import "./work-page.css";

type Kind = "run" | "mission" | "session";

/** Sets the title of the window while the page is mounted. */
export function useWindowTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Tutti`;
    return () => {
      document.title = "Tutti";
    };
  }, [title]);
}

export interface WorkHeadOptions {
  readonly kind: Kind;
  readonly id: string;
  readonly title: string;
  /** In the spelling of the platform. */
  readonly status: string | undefined;
  /** Counts by state. Only for a run. */
  readonly tasks?: TaskCounts;
  /** The user who started it. Empty if unknown. */
  readonly by: string;
  readonly lifetime: Lifetime;
  readonly hasEnded: boolean;
  readonly parent: WorkReference | undefined;
  readonly actions: ReactNode;
  /** Shown before its id. */
  readonly before?: ReactNode;
  /** Shown at the end of the line. */
  readonly children?: ReactNode;
}

/** Status, starter, start time and parent of the work. */
export function WorkHead(options: WorkHeadOptions) {
  const { kind, id, title, status, tasks, by, lifetime, hasEnded, parent, actions, before, children } =
    options;
  return (
    <PageHead
      title={
        <>
          {title}{" "}
          <span className="work-head-state">
            <BadgeMark badge={runBadge(status, tasks)} />
          </span>
        </>
      }
      below={
        <span className="work-head-below">
          {before}
          <span>
            <code>{id}</code> <Copy text={id} label={`the id of the ${kind}`} />
          </span>
          <span>
            started <Moment atMs={lifetime.createTimeMs} />
            {by === "" ? "" : ` by ${by}`}
          </span>
          <span>
            {hasEnded ? "took " : "for "}
            <Duration of={lifetime} />
          </span>
          {parent === undefined ? null : (
            <span>
              within <WorkLink about={parent} />
            </span>
          )}
          {children}
        </span>
      }
      actions={actions}
    />
  );
}
