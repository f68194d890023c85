import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { Row } from "./bars.ts";
import { axisHeight, rowHeight } from "./paint.ts";
import { msAt, pan, type Window, zoom } from "./scale.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Returns the size of an element, as it changes. */
export function useSize(place: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const resized = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resized.observe(element);
    return () => resized.disconnect();
  }, [place]);
  return size;
}

interface View {
  /** Undefined: all there is, also as it grows. */
  readonly window: Window | undefined;
  readonly top: number;
}

/** Which part of the chart is seen, and how it is moved. */
export interface Sight {
  readonly window: Window;
  readonly top: number;
  readonly topMax: number;
  readonly zoomBy: (factor: number, share?: number) => void;
  readonly across: (pixels: number) => void;
  readonly down: (pixels: number) => void;
  /** Brings a row into the middle. */
  readonly show: (row: number) => void;
  readonly all: () => void;
}

export function useSight(options: { rows: readonly Row[]; full: Window; size: Size; gutter: number }): Sight {
  const { rows, full, size, gutter } = options;
  const [view, setView] = useState<View>({ window: undefined, top: 0 });
  const window = view.window ?? full;
  const topMax = Math.max(0, rows.length * rowHeight + axisHeight + 8 - size.height);
  const bounded = (top: number) => Math.min(topMax, Math.max(0, top));
  return {
    window,
    top: Math.min(view.top, topMax),
    topMax,
    zoomBy: (factor, share = 0.5) => setView({ ...view, window: zoomed(window, factor, share, full) }),
    across(pixels) {
      const byMs = (pixels / Math.max(1, size.width - gutter)) * (window.toMs - window.fromMs);
      setView((now) => ({
        ...now,
        window: now.window === undefined ? undefined : pan(now.window, byMs, full),
      }));
    },
    down: (pixels) => setView((now) => ({ ...now, top: bounded(Math.min(now.top, topMax) + pixels) })),
    show: (row) =>
      setView((now) => ({ ...now, top: bounded(row * rowHeight - (size.height - axisHeight) / 2) })),
    all: () => setView((now) => ({ ...now, window: undefined })),
  };
}

/** Undefined once there is nothing outside any more. */
function zoomed(window: Window, factor: number, share: number, full: Window): Window | undefined {
  const next = zoom(window, factor, share, full);
  return next.toMs - next.fromMs >= full.toMs - full.fromMs ? undefined : next;
}

/** Wheels: up and down go through the rows, across moves in time, with Ctrl they zoom about the pointer. */
export function useWheel(
  place: RefObject<HTMLElement | null>,
  sight: Sight,
  { size, gutter }: { readonly size: Size; readonly gutter: number },
): void {
  const act = useRef<(event: WheelEvent) => void>(() => {});
  act.current = (event) => {
    const isAcross = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (event.ctrlKey || event.metaKey) {
      const left = place.current?.getBoundingClientRect().left ?? 0;
      const share = (event.clientX - left - gutter) / Math.max(1, size.width - gutter);
      sight.zoomBy(Math.exp(event.deltaY * 0.004), Math.min(1, Math.max(0, share)));
    } else if (isAcross) sight.across(event.deltaX || event.deltaY);
    else {
      const isAtEnd = event.deltaY > 0 ? sight.top >= sight.topMax : sight.top <= 0;
      // At its end the chart leaves the wheel to the page.
      if (isAtEnd) return;
      sight.down(event.deltaY);
    }
    event.preventDefault();
  };
  // React listens passively to wheels, and what zooms must keep the page from scrolling.
  useEffect(() => {
    const element = place.current;
    const listen = (event: WheelEvent) => act.current(event);
    element?.addEventListener("wheel", listen, { passive: false });
    return () => element?.removeEventListener("wheel", listen);
  }, [place]);
}

export interface Pointing {
  readonly rows: readonly Row[];
  readonly sight: Sight;
  readonly size: Size;
  readonly gutter: number;
  readonly onRow: (row: Row) => void;
  readonly onHover: (id: string) => void;
  /** On the axis: a moment. */
  readonly onMoment: (atMs: number) => void;
}

/** Dragging moves the chart. A click chooses a row, or on the axis a moment. */
export function usePointing({ rows, sight, size, gutter, onRow, onHover, onMoment }: Pointing) {
  const dragged = useRef<{ readonly x: number; readonly y: number; readonly moved: boolean }>(undefined);
  const placeOf = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const rowAt = (y: number) =>
    y < axisHeight ? undefined : rows[Math.floor((y - axisHeight + sight.top) / rowHeight)];
  return {
    onPointerDown(event: PointerEvent) {
      dragged.current = { x: event.clientX, y: event.clientY, moved: false };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent) {
      const from = dragged.current;
      if (from === undefined) {
        onHover(rowAt(placeOf(event).y)?.id ?? "");
        return;
      }
      const dx = event.clientX - from.x;
      const dy = event.clientY - from.y;
      if (!from.moved && Math.hypot(dx, dy) < 4) return;
      dragged.current = { x: event.clientX, y: event.clientY, moved: true };
      sight.across(-dx);
      sight.down(-dy);
    },
    onPointerUp(event: PointerEvent) {
      const wasMoved = dragged.current?.moved === true;
      dragged.current = undefined;
      if (wasMoved) return;
      const { x, y } = placeOf(event);
      const row = rowAt(y);
      if (row !== undefined) onRow(row);
      else if (y < axisHeight && x >= gutter) onMoment(msAt(x - gutter, sight.window, size.width - gutter));
    },
    onPointerLeave: () => onHover(""),
  };
}

/** Arrows choose a task and move in time, plus and minus zoom, 0 shows all. */
export function chartKeys(options: {
  rows: readonly Row[];
  sight: Sight;
  selected: string;
  onRow: (row: Row) => void;
}): (event: KeyboardEvent) => void {
  const { rows, sight, selected, onRow } = options;
  const choose = (by: number) => {
    const at = rows.findIndex(({ id }) => id === selected);
    const next = Math.min(rows.length - 1, Math.max(0, at + by));
    const row = rows[next];
    if (row === undefined) return;
    onRow(row);
    sight.show(next);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => choose(1),
    ArrowUp: () => choose(-1),
    PageDown: () => choose(10),
    PageUp: () => choose(-10),
    ArrowLeft: () => sight.across(-80),
    ArrowRight: () => sight.across(80),
    "+": () => sight.zoomBy(0.6),
    "-": () => sight.zoomBy(1.7),
    "0": sight.all,
  };
  return (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
}
