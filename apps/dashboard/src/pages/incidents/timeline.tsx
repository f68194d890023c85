import type { IncidentEntry } from "@tutti/rest/types";
import { useState } from "react";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Part } from "../../elements/parts.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { entryView } from "./incident.ts";

const latestMax = 15;

/** The timeline, oldest entry first. A long one is shortened to its start and its latest entries. */
export function Timeline({ entries }: { entries: readonly IncidentEntry[] }) {
  const [all, setAll] = useState(false);
  const hidden = all ? 0 : Math.max(0, entries.length - 1 - latestMax);
  const [first, ...others] = entries;
  if (first === undefined) return null;
  return (
    <Part title="Timeline">
      <ol className="timeline">
        <Entry entry={first} />
        {hidden === 0 ? null : (
          <li className="timeline-hidden">
            <button type="button" className="text-link" onClick={() => setAll(true)}>
              Show {count(hidden)} more
            </button>
          </li>
        )}
        {others.slice(hidden).map((entry, place) => (
          // Entries are never removed or moved.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <Entry key={hidden + place} entry={entry} />
        ))}
      </ol>
    </Part>
  );
}

function Entry({ entry }: { entry: IncidentEntry }) {
  const { glyph, tone, text, detail } = entryView(entry);
  const { actor, reason } = entry.cause ?? {};
  return (
    <li className={`timeline-entry tone-${tone}`}>
      <Glyph name={glyph} />
      <div>
        <p>
          {text}
          <span className="small soft">
            {" "}
            · <Moment atMs={entry.timeMs} />
            {actor?.id ? ` by ${actor.id}` : ""}
          </span>
        </p>
        {detail === "" ? null : <p className="timeline-detail">{detail}</p>}
        {reason ? <p className="small soft">{reason}</p> : null}
      </div>
    </li>
  );
}
