import type { ReactNode } from "react";
import type { Tone } from "../score/states.ts";
import { InlineText } from "./markdown.tsx";

/** A section of a page with a title. It starts with the bracket that joins staves in a score. */
export function Part(options: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  level?: 2 | 3;
  id?: string;
}) {
  const Title = options.level === 3 ? "h3" : "h2";
  return (
    <section className="part" id={options.id}>
      <header className="part-head">
        <Title>{options.title}</Title>
        {options.aside === undefined ? null : <div className="part-aside">{options.aside}</div>}
      </header>
      {options.children}
    </section>
  );
}

/** The head of a page: its one title, a line below, and actions. */
export function PageHead(options: { title: ReactNode; below?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="page-head">
      <div className="page-title">
        <h1>{options.title}</h1>
        {options.below === undefined ? null : <div className="page-below">{options.below}</div>}
      </div>
      {options.actions === undefined ? null : <div className="page-actions">{options.actions}</div>}
    </header>
  );
}

/** An empty state with its reason and the next action. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <svg className="empty-staff" viewBox="0 0 120 40" aria-hidden="true">
        <path d="M0 4h120M0 12h120M0 20h120M0 28h120M0 36h120" />
        <path className="ink" d="M52 12h16v6H52z" />
      </svg>
      <p className="empty-title">{title}</p>
      {children === undefined ? null : <div className="empty-text">{children}</div>}
    </div>
  );
}

/** An error in the place of content: the message, its code, and a retry button. */
export function Failure(options: { title: string; message: string; code?: string; onRetry?: () => void }) {
  return (
    <div className="failure tone-wrong" role="alert">
      <p className="failure-title">{options.title}</p>
      <p>
        <InlineText text={options.message} />
      </p>
      {options.code === undefined || options.code === "" ? null : (
        <p className="small">
          <code>{options.code}</code>
        </p>
      )}
      {options.onRetry === undefined ? null : (
        <button type="button" className="press" onClick={options.onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A placeholder with as many lines as the expected content, so that the layout does not shift. */
export function Loading({ lines = 4, label }: { lines?: number; label: string }) {
  return (
    <div className="waiting" role="status">
      <span className="unseen">loading {label}</span>
      {Array.from({ length: lines }, (_, line) => (
        // The lines are identical and never move.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <span key={line} className="waiting-line" />
      ))}
    </div>
  );
}

/** A short mark: a label of a run, a version, a kind. */
export function Tag({ children, tone }: { children: ReactNode; tone?: Tone }) {
  return <span className={tone === undefined ? "tag" : `tag tone-${tone}`}>{children}</span>;
}

/** A bar for a share. The text next to it has the same value, so the bar is decoration. */
export function Meter({ share, tone = "playing" }: { share: number; tone?: Tone }) {
  const width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return (
    <span className={`meter tone-${tone}`} aria-hidden="true">
      <span style={{ width }} />
    </span>
  );
}

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
