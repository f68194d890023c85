import { eventText, subjectOf } from "@tutti/rest/history";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { colourOf } from "../../effects/theme.ts";
import { clock, count, span } from "../../elements/moments.ts";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useThemeStamp } from "../use-colours.ts";
import { type Mark, marksOf } from "./moments.ts";
import type { TimeTravel } from "./use-time-travel.ts";

/** A slider over the history of the run. */
export function TimeSlider({ travel }: { travel: TimeTravel }) {
  const { history } = useRunHandle();
  const version = useSyncExternalStore(history.subscribe, () => history.version);
  const past = useStore((store) => store.past);
  const startMs = useStore(({ run }) => run?.createMs ?? 0);
  const { event, total, isPast, isPlaying } = travel;
  const current = history.events[event - 1];
  const text = current === undefined ? "" : `${subjectOf(current)} ${eventText(current)}`;
  const at = current === undefined ? "" : `+${span(current.timeMs - startMs)}`;
  if (total === 0) return null;
  return (
    <section className={`run-slider${isPast ? " past" : ""}`} aria-label="Time">
      <button
        type="button"
        className="press quiet run-play"
        onClick={travel.play}
        aria-label={isPlaying ? "Stop the replay" : "Replay the run"}
        title={isPlaying ? "Stop" : "Replay the run"}
      >
        <svg viewBox="0 0 16 16" className="glyph" aria-hidden="true">
          <path className="ink" d={isPlaying ? "M4 3h3v10H4zM9 3h3v10H9z" : "M4 2.5 13 8l-9 5.5z"} />
        </svg>
      </button>
      <div className="run-slider-line" onPointerEnter={travel.requestHistory}>
        <Marks version={version} total={total} />
        <input
          type="range"
          min={1}
          max={total}
          step={1}
          value={event}
          aria-label="Event"
          aria-valuetext={`event ${event} of ${total}${at === "" ? "" : `, ${at}`}${text === "" ? "" : `: ${text}`}`}
          onFocus={travel.requestHistory}
          onChange={({ target }) => travel.drag(Number(target.value))}
          onPointerUp={({ currentTarget }) => travel.settle(Number(currentTarget.value))}
          onKeyUp={({ currentTarget, key }) => {
            if (key.startsWith("Arrow") || key === "Home" || key === "End" || key.startsWith("Page"))
              travel.settle(Number(currentTarget.value));
          }}
        />
      </div>
      <p className="run-slider-words" aria-live={isPlaying ? "off" : "polite"}>
        {isPast ? (
          <>
            <span className="run-slider-at" title={current === undefined ? undefined : clock(current.timeMs)}>
              event {event} of {total} {at}
            </span>
            <span className="clipped soft">
              {text}
              {past !== undefined && !past.isExact && !isPlaying ? " (folded from the history)" : ""}
            </span>
          </>
        ) : (
          <span className="soft">
            now, event {totalText(history.events.length, total)}{" "}
            <span className="run-slider-hint">
              · drag, or <kbd>[</kbd> <kbd>]</kbd>
            </span>
          </span>
        )}
      </p>
      {isPast ? (
        <button type="button" className="press" onClick={travel.present}>
          Back to now
        </button>
      ) : null}
    </section>
  );
}

function totalText(loaded: number, total: number): string {
  return loaded < total ? `${total}, ${count(loaded)} loaded` : String(total);
}

const tokens: Readonly<Record<Mark, string>> = {
  "": "--rule",
  begun: "--rule-strong",
  done: "--done",
  again: "--again",
  held: "--held",
  wrong: "--wrong",
};

/** Height of each mark. More important marks are higher, so that colour is not the only sign. */
const heights: Readonly<Record<Mark, number>> = {
  "": 0.12,
  begun: 0.3,
  done: 0.5,
  again: 0.75,
  held: 0.9,
  wrong: 1,
};

/** The important events along the history. Parts that are not loaded have a low line. */
function Marks({ version, total }: { version: number; total: number }) {
  const { history } = useRunHandle();
  const theme = useThemeStamp();
  const canvas = useRef<HTMLCanvasElement>(null);
  const parts = Math.min(240, total);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version changes with new events
  const marks = useMemo(() => marksOf(history.events, total, parts), [version, total, parts]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours follow the theme
  useEffect(() => {
    const surface = canvas.current?.getContext("2d");
    if (surface === null || surface === undefined) return;
    const { width, height } = surface.canvas;
    surface.clearRect(0, 0, width, height);
    const wide = width / marks.length;
    const colours = new Map([...new Set(marks)].map((mark) => [mark, colourOf(tokens[mark])]));
    for (const [place, mark] of marks.entries()) {
      const high = heights[mark] * height;
      surface.fillStyle = colours.get(mark) ?? "";
      surface.fillRect(place * wide, height - high, Math.max(1, wide - (wide > 4 ? 2 : 0)), high);
    }
  }, [marks, theme]);
  return <canvas ref={canvas} className="run-slider-marks" width={960} height={36} />;
}
