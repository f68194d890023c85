import { type MouseEvent, useEffect, useRef, useSyncExternalStore } from "react";
import { colourOf, currentTheme, subscribeTheme } from "../../effects/theme.ts";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { mostUrgent, stateOfNumber, taskStates } from "../model/task-state.ts";
import { cell, cellGrid } from "./sizes.ts";
import { toneOf } from "./tones.ts";

/** Colours of states for a canvas; asked again when the theme changes. */
export function useStateColours(): readonly string[] {
  const theme = useSyncExternalStore(subscribeTheme, () => `${currentTheme()} ${colourOf("--ink")}`);
  const kept = useRef<{ theme: string; colours: readonly string[] }>(undefined);
  if (kept.current?.theme !== theme)
    kept.current = {
      theme,
      colours: [colourOf("--rule"), ...taskStates.map((state) => colourOf(`--${toneOf(state)}`))],
    };
  return kept.current.colours;
}

/** Every part of a task as a small cell in the tone of how it stands; where there are very many, the most urgent of some. */
export function Cells({
  places,
  onChoose,
}: {
  places: readonly number[];
  onChoose: (place: number) => void;
}) {
  const { store } = useRunHandle();
  const statesVersion = useStore((each) => each.statesVersion);
  const colours = useStateColours();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { columns, perCell, width, height } = cellGrid(places.length);
  // biome-ignore lint/correctness/useExhaustiveDependencies: states are the same list for ever, their version tells
  useEffect(() => {
    const surface = canvas.current?.getContext("2d");
    if (surface === null || surface === undefined) return;
    const ratio = window.devicePixelRatio || 1;
    surface.setTransform(ratio, 0, 0, ratio, 0, 0);
    surface.clearRect(0, 0, width, height);
    const pitch = cell.size + cell.gap;
    const counts = new Array<number>(taskStates.length + 1);
    for (let at = 0; at * perCell < places.length; at++) {
      counts.fill(0);
      for (const place of places.slice(at * perCell, (at + 1) * perCell)) {
        const state = store.stateAt(place);
        counts[state] = (counts[state] ?? 0) + 1;
      }
      const number = mostUrgent(counts);
      surface.fillStyle = colours[number] ?? "";
      const x = (at % columns) * pitch;
      const y = Math.floor(at / columns) * pitch;
      // What is not yet its turn is hollow; what went wrong is crossed: colour is never alone.
      const state = stateOfNumber(number);
      if (state === undefined || state === "pending" || state === "skipped" || state === "cancelled") {
        surface.fillRect(x, y + cell.size / 2 - 1, cell.size, 2);
      } else surface.fillRect(x, y, cell.size, cell.size);
      if (state === "failed" || state === "paused") {
        surface.clearRect(x + cell.size / 2 - 1, y, 2, cell.size);
        surface.clearRect(x, y + cell.size / 2 - 1, cell.size, 2);
      }
    }
  }, [places, statesVersion, colours, columns, perCell, width, height, store]);
  const choose = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const pitch = ((cell.size + cell.gap) * box.width) / width;
    const column = Math.floor((event.clientX - box.left) / pitch);
    const row = Math.floor((event.clientY - box.top) / pitch);
    const place = places[(row * columns + column) * perCell];
    if (place === undefined || column >= columns) return;
    event.stopPropagation();
    onChoose(place);
  };
  const ratio = window.devicePixelRatio || 1;
  return (
    // Whoever does not point finds each part in the list of the panel.
    <canvas
      ref={canvas}
      className="run-cells"
      width={width * ratio}
      height={height * ratio}
      style={{ width, height }}
      onClick={choose}
    />
  );
}
