/** The Gantt chart on its canvas: only the rows that are seen, so that ten thousand cost what fifty do. */
import type { Part, PartKind, Row } from "./bars.ts";
import { type Tick, type Window, xOf } from "./scale.ts";

export const rowHeight = 24;
export const axisHeight = 28;

export interface Colours {
  readonly ink: string;
  readonly soft: string;
  readonly rule: string;
  readonly mark: string;
  readonly part: Readonly<Record<PartKind, string>>;
  /** Colours of an attempt that succeeded, and of one that failed. */
  readonly done: string;
  readonly failed: string;
  /** Over what had not happened yet at the moment that is looked at. */
  readonly veil: string;
  readonly font: string;
}

export interface Scene {
  readonly rows: readonly Row[];
  readonly window: Window;
  readonly ticks: readonly Tick[];
  /** The visible part, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels above the visible part. */
  readonly top: number;
  /** Pixels on the left where titles are. */
  readonly gutter: number;
  readonly nowMs: number;
  /** A moment that is looked at. Undefined for the present. */
  readonly atMs: number | undefined;
  readonly selected: string;
  readonly hovered: string;
  readonly critical: ReadonlySet<string>;
}

/** The part of the drawing surface of a canvas that is used, so that a test can listen to it. */
export type Surface = Pick<
  CanvasRenderingContext2D,
  | "fillRect"
  | "strokeRect"
  | "clearRect"
  | "fillText"
  | "measureText"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "stroke"
  | "save"
  | "restore"
  | "rect"
  | "clip"
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "font"
  | "textBaseline"
  | "globalAlpha"
  | "setLineDash"
>;

export function paint(surface: Surface, scene: Scene, colours: Colours): void {
  const { width, height, gutter } = scene;
  surface.clearRect(0, 0, width, height);
  surface.textBaseline = "middle";
  surface.font = colours.font;
  surface.save();
  surface.beginPath();
  surface.rect(gutter, 0, width - gutter, height);
  surface.clip();
  paintTicks(surface, scene, colours);
  const [first, last] = visibleRows(scene);
  for (let at = first; at <= last; at++) paintBars(surface, scene, colours, at);
  paintMoments(surface, scene, colours);
  surface.restore();
  surface.save();
  surface.beginPath();
  surface.rect(0, axisHeight, gutter - 8, height - axisHeight);
  surface.clip();
  for (let at = first; at <= last; at++) paintTitle(surface, scene, colours, at);
  surface.restore();
}

/** Returns the first and the last row that can be seen. */
export function visibleRows({
  rows,
  top,
  height,
}: Pick<Scene, "rows" | "top" | "height">): readonly [number, number] {
  const first = Math.max(0, Math.floor(top / rowHeight));
  return [first, Math.min(rows.length - 1, Math.floor((top + height - axisHeight) / rowHeight))];
}

function topOf({ top }: Scene, row: number): number {
  return axisHeight + row * rowHeight - top;
}

function paintTicks(surface: Surface, scene: Scene, { rule, soft }: Colours): void {
  const { gutter, height } = scene;
  surface.strokeStyle = rule;
  surface.lineWidth = 1;
  for (const { ms, text } of scene.ticks) {
    const x = Math.round(placeOf(scene, ms)) + 0.5;
    surface.beginPath();
    surface.moveTo(x, axisHeight - 6);
    surface.lineTo(x, height);
    surface.stroke();
    surface.fillStyle = soft;
    // A number that is cut at the edge reads as another one.
    if (x >= gutter && x + 4 + surface.measureText(text).width <= scene.width)
      surface.fillText(text, x + 4, axisHeight / 2);
  }
}

function placeOf({ window, width, gutter }: Scene, ms: number): number {
  return gutter + xOf(ms, window, width - gutter);
}

function paintBars(surface: Surface, scene: Scene, colours: Colours, at: number): void {
  const row = scene.rows[at];
  if (row === undefined) return;
  const top = topOf(scene, at);
  if (row.id === scene.selected || row.id === scene.hovered) {
    surface.globalAlpha = row.id === scene.selected ? 0.12 : 0.06;
    surface.fillStyle = colours.ink;
    surface.fillRect(0, top, scene.width, rowHeight);
    surface.globalAlpha = 1;
  }
  // A staff line for each task: time without work is silence, not nothing.
  surface.fillStyle = colours.rule;
  surface.fillRect(scene.gutter, Math.round(top + rowHeight / 2), scene.width, 1);
  for (const part of row.parts) {
    const from = placeOf(scene, part.startMs);
    const to = placeOf(scene, part.endMs || scene.nowMs);
    if (to < scene.gutter || from > scene.width) continue;
    const left = Math.max(from, scene.gutter - 2);
    const wide = Math.max(2, Math.min(to, scene.width + 2) - left);
    const [inset, alpha] = partStyles[part.kind];
    surface.globalAlpha = alpha;
    surface.fillStyle = colourOf(part, colours);
    surface.fillRect(left, top + inset, wide, rowHeight - 2 * inset);
    surface.globalAlpha = 1;
    if (part.isFailed) paintCross(surface, colours, { x: Math.min(to, scene.width), y: top + rowHeight / 2 });
  }
  if (!scene.critical.has(row.id)) return;
  const first = placeOf(scene, row.parts[0]?.startMs ?? 0);
  const end = placeOf(scene, row.parts.at(-1)?.endMs || scene.nowMs);
  surface.fillStyle = colours.ink;
  surface.fillRect(first, top + rowHeight - 4, Math.max(2, end - first), 2);
}

function colourOf({ kind, endMs, isFailed }: Part, { part, done, failed }: Colours): string {
  if (isFailed) return failed;
  return kind === "attempt" && endMs > 0 ? done : part[kind];
}

/** How far a bar stays away from the edges of its row, and how strong it is. */
const partStyles: Readonly<Record<PartKind, readonly [inset: number, alpha: number]>> = {
  attempt: [5, 1],
  queue: [9, 0.55],
  backoff: [10, 0.5],
  wait: [8, 0.4],
  compensation: [5, 0.85],
};

/** A failure never differs by colour alone. */
function paintCross(surface: Surface, { failed }: Colours, { x, y }: { x: number; y: number }): void {
  surface.strokeStyle = failed;
  surface.lineWidth = 2;
  surface.beginPath();
  surface.moveTo(x + 2, y - 4);
  surface.lineTo(x + 10, y + 4);
  surface.moveTo(x + 10, y - 4);
  surface.lineTo(x + 2, y + 4);
  surface.stroke();
}

function paintMoments(surface: Surface, scene: Scene, { mark, soft, veil }: Colours): void {
  const { atMs, nowMs, height } = scene;
  const line = (ms: number, style: string, dash: number[]) => {
    const x = Math.round(placeOf(scene, ms)) + 0.5;
    surface.strokeStyle = style;
    surface.lineWidth = 1;
    surface.setLineDash(dash);
    surface.beginPath();
    surface.moveTo(x, 0);
    surface.lineTo(x, height);
    surface.stroke();
    surface.setLineDash([]);
  };
  if (nowMs <= scene.window.toMs) line(nowMs, soft, [2, 3]);
  if (atMs === undefined) return;
  const x = placeOf(scene, atMs);
  surface.globalAlpha = 0.7;
  surface.fillStyle = veil;
  surface.fillRect(x, axisHeight, Math.max(0, scene.width - x), height);
  surface.globalAlpha = 1;
  line(atMs, mark, []);
}

function paintTitle(surface: Surface, scene: Scene, { ink, soft }: Colours, at: number): void {
  const row = scene.rows[at];
  if (row === undefined) return;
  const left = 8 + Math.min(row.depth, 4) * 12;
  surface.fillStyle = row.depth === 0 ? ink : soft;
  surface.fillText(
    truncated(surface, row.title, scene.gutter - 8 - left),
    left,
    topOf(scene, at) + rowHeight / 2,
  );
}

/** A title that is too long ends with an ellipsis, so that a reader sees that it is cut. */
function truncated(surface: Surface, title: string, width: number): string {
  if (surface.measureText(title).width <= width) return title;
  let from = 0;
  let to = title.length;
  while (from < to) {
    const half = Math.ceil((from + to) / 2);
    if (surface.measureText(`${title.slice(0, half)}…`).width <= width) from = half;
    else to = half - 1;
  }
  return `${title.slice(0, from).trimEnd()}…`;
}
