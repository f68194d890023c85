import { type MouseEvent, useEffect, useRef } from "react";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { mostUrgent, stateOfNumber, type TaskState, taskStates } from "../model/task-state.ts";
import { useStateColours } from "../use-colours.ts";
import { cell, cellGrid } from "./sizes.ts";

/**
 * A small cell for every part of a task, in the tone of its state. If there are very many parts, a cell shows the most
 * urgent of several.
 */
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list of states stays the same object, its version changes
  useEffect(() => {
    const surface = canvas.current?.getContext("2d");
    if (surface === null || surface === undefined) return;
    const ratio = window.devicePixelRatio || 1;
    surface.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintCells(surface, places, (place) => store.stateAt(place), colours);
  }, [places, statesVersion, colours, store]);
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
    // Without a pointer, users reach each part through the list of the panel.
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

function paintCells(
  surface: CanvasRenderingContext2D,
  places: readonly number[],
  stateAt: (place: number) => number,
  colours: readonly string[],
): void {
  const { columns, perCell, width, height } = cellGrid(places.length);
  const pitch = cell.size + cell.gap;
  const counts = new Array<number>(taskStates.length + 1);
  surface.clearRect(0, 0, width, height);
  for (let at = 0; at * perCell < places.length; at++) {
    counts.fill(0);
    const until = Math.min(places.length, (at + 1) * perCell);
    for (let part = at * perCell; part < until; part++) {
      const state = stateAt(places[part] ?? -1);
      counts[state] = (counts[state] ?? 0) + 1;
    }
    const number = mostUrgent(counts);
    surface.fillStyle = colours[number] ?? "";
    paintCell(surface, stateOfNumber(number), (at % columns) * pitch, Math.floor(at / columns) * pitch);
  }
}

/** A pending task is a line, a failed one is crossed, so that colour is never the only sign. */
function paintCell(
  surface: CanvasRenderingContext2D,
  state: TaskState | undefined,
  x: number,
  y: number,
): void {
  const middle = cell.size / 2 - 1;
  if (state === undefined || state === "pending" || state === "skipped" || state === "cancelled") {
    surface.fillRect(x, y + middle, cell.size, 2);
    return;
  }
  surface.fillRect(x, y, cell.size, cell.size);
  if (state !== "failed" && state !== "paused") return;
  surface.clearRect(x + middle, y, 2, cell.size);
  surface.clearRect(x, y + middle, cell.size, 2);
}
