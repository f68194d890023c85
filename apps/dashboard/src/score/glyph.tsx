import type { ReactNode } from "react";
import type { Badge, GlyphName } from "./states.ts";

/** Strokes on a grid of 16 by 16. Filled parts have class `ink`. */
const drawings: Record<GlyphName, ReactNode> = {
  // A half rest hangs on its line.
  rest: (
    <>
      <path d="M2 10h12" />
      <path className="ink" d="M5 6h6v4H5z" />
    </>
  ),
  "tied-rest": (
    <>
      <path d="M2 11h12M4 7.2c2-3 6-3 8 0" />
      <path className="ink" d="M6 8h4v3H6z" />
    </>
  ),
  note: (
    <>
      <ellipse className="ink" cx="6" cy="11.5" rx="3.4" ry="2.5" transform="rotate(-20 6 11.5)" />
      <path d="M9.2 11V2.2c.5 2 2.6 2.4 3.4 4.6" />
    </>
  ),
  fermata: (
    <>
      <path d="M2 10.5a6 6 0 0 1 12 0" />
      <circle className="ink" cx="8" cy="10" r="1.7" />
    </>
  ),
  caesura: <path d="M4.2 13 7.6 3M8.6 13 12 3" />,
  repeat: (
    <>
      <path d="M10.4 2.5v11" />
      <path d="M13.2 2.5v11" strokeWidth="2.4" />
      <circle className="ink" cx="6.4" cy="5.8" r="1.3" />
      <circle className="ink" cx="6.4" cy="10.2" r="1.3" />
    </>
  ),
  // Two voices in one staff: one stem goes up, the other down.
  voices: (
    <>
      <ellipse className="ink" cx="5" cy="7.4" rx="2.6" ry="1.9" transform="rotate(-20 5 7.4)" />
      <path d="M7.5 7V1.6" />
      <ellipse className="ink" cx="11" cy="9" rx="2.6" ry="1.9" transform="rotate(-20 11 9)" />
      <path d="M8.5 9.6v5" />
    </>
  ),
  // The last barline: thin, then thick.
  final: (
    <>
      <path d="M5.6 2.5v11" />
      <path d="M10 2.5v11" strokeWidth="3.6" />
    </>
  ),
  cross: <path d="m3.6 3.6 8.8 8.8m0-8.8-8.8 8.8" strokeWidth="2.2" />,
  // Silent until the end.
  tacet: (
    <>
      <circle cx="8" cy="8" r="5.2" />
      <path d="M4.4 11.6 11.6 4.4" />
    </>
  ),
  // A tone as a sound wave.
  wave: <path d="M1.5 8c1.8-6 3.6-6 5.2 0s3.2 6 4.6 1.6S13.4 5.2 14.6 8" />,
  cut: <path className="ink" d="M4 4h8v8H4z" />,
  // Back to the sign.
  segno: <path d="M12.6 5.2A5.4 5.4 0 1 0 13.4 9M13 1.8v3.8H9.2" />,
  "segno-done": (
    <>
      <path d="M12.6 5.2A5.4 5.4 0 1 0 13.4 9M13 1.8v3.8H9.2" />
      <circle className="ink" cx="8" cy="8" r="1.8" />
    </>
  ),
  skip: <path d="M2.5 11c2.6-6.6 7.4-6.6 10.6-.6M13.4 6.4v4.2H9.4" />,
  attacca: <path d="M2 8h11M9 4l4 4-4 4" />,
  trill: (
    <>
      <path d="M8 2.2 14.4 13.4H1.6z" />
      <path d="M8 6.4v3.4M8 11.4v.4" />
    </>
  ),
  breath: (
    <>
      <circle cx="8" cy="8" r="5" />
      <circle className="ink" cx="8" cy="8" r="1.6" />
    </>
  ),
  // Hairpins: louder, then softer again.
  hairpins: <path d="M8 3.4 1.8 8 8 12.6M8 3.4 14.2 8 8 12.6" />,
  // Staves under one bracket, which are played together.
  system: <path d="M4.6 2.6H2.6v10.8h2M5.4 5h8.4M5.4 11h8.4M5.4 8h8.4" />,
  // Played with force.
  marcato: <path d="M3.2 13.2 8 2.8l4.8 10.4" strokeWidth="2.2" />,
  wedge: <path d="M2.5 4.2 13.5 8l-11 3.8" />,
  // A sharp, part of the key signature at the head of a staff.
  key: <path d="M6 2.6v11M10 2.2v11M3.4 6.8l9.2-2M3.4 11.2l9.2-2" />,
  coda: (
    <>
      <ellipse cx="8" cy="8" rx="3.6" ry="4.6" />
      <path d="M8 1.4v13.2M1.8 8h12.4" />
    </>
  ),
  more: (
    <>
      <circle className="ink" cx="3" cy="8" r="1.6" />
      <circle className="ink" cx="8" cy="8" r="1.6" />
      <circle className="ink" cx="13" cy="8" r="1.6" />
    </>
  ),
  // Several notes that sound together.
  chord: (
    <>
      <ellipse className="ink" cx="6" cy="12.6" rx="3" ry="1.9" />
      <ellipse className="ink" cx="6" cy="8.2" rx="3" ry="1.9" />
      <path d="M9 12.4V1.8M3 3.8h6" />
    </>
  ),
};

/** A symbol of notation. It is decoration for screen readers, because the word next to it has the same meaning. */
export function Glyph({ name, beating = false }: { name: GlyphName; beating?: boolean }) {
  return (
    <svg className={beating ? "glyph beating" : "glyph"} viewBox="0 0 16 16" aria-hidden="true">
      {drawings[name]}
    </svg>
  );
}

/** The state of an object: glyph, word and tone together, never one of them alone. */
export function BadgeMark({ badge, subtle = false }: { badge: Badge; subtle?: boolean }) {
  return (
    <span className={`stand tone-${badge.tone}${subtle ? " quiet" : ""}`}>
      <Glyph name={badge.glyph} beating={badge.glyph === "note" && badge.live} />
      <span className="stand-word">{badge.label}</span>
    </span>
  );
}
