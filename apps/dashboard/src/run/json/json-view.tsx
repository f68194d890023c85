import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useDeferredValue, useId, useMemo, useRef, useState } from "react";
import { Copy } from "../../elements/copy.tsx";
import "./json.css";
import { find, type JsonRow, jsonRows, textOf, valueAt } from "./rows.ts";

const rowHeight = 22;
const visibleRowsMax = 22;
/** Minimum number of lines for a search field. */
const searchedFrom = 12;

/** A value as a tree, with folding, search, and copying of parts. Only the visible rows of a large tree are rendered. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set());
  const [searchText, setSearchText] = useState("");
  const [current, setCurrent] = useState("$");
  const deferred = useDeferredValue(searchText);
  const { found, around } = useMemo(() => find(value, deferred), [value, deferred]);
  const usual = useMemo(
    () => new Set(jsonRows(value, empty).flatMap(({ path, isOpen }) => (isOpen ? [path] : []))),
    [value],
  );
  // Parents of a match are open, even if they are closed by default.
  const display = useMemo(() => {
    if (around.size === 0) return { toggled, whole };
    const opened = new Set(toggled);
    for (const path of around) {
      if (usual.has(path)) opened.delete(path);
      else opened.add(path);
    }
    return { toggled: opened, whole };
  }, [toggled, whole, around, usual]);
  const rows = useMemo(() => jsonRows(value, display), [value, display]);
  const hits = useMemo(() => new Set(found), [found]);
  if (value === undefined) return <p className="soft">none</p>;
  const flip = (path: string) => setToggled(flipped(toggled, path));
  return (
    <div className="run-json">
      <div className="run-json-bar">
        {rows.length >= searchedFrom || searchText !== "" ? (
          <input
            type="search"
            className="code"
            value={searchText}
            onChange={(event) => setSearchText(event.target.value)}
            placeholder="Search"
            aria-label={`Search in ${label}`}
          />
        ) : (
          <span />
        )}
        <span className="small soft" aria-live="polite">
          {deferred === "" ? "" : `${found.length} found`}
        </span>
        <Copy text={textOf(value)} label={label} />
      </div>
      <Lines
        rows={rows}
        hits={hits}
        value={value}
        label={label}
        current={current}
        setCurrent={setCurrent}
        onFlip={flip}
        onWhole={(path) => setWhole(flipped(whole, path))}
      />
    </div>
  );
}

const empty = { toggled: new Set<string>(), whole: new Set<string>() };

function flipped(set: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(path)) next.add(path);
  return next;
}

interface LinesOptions {
  rows: readonly JsonRow[];
  hits: ReadonlySet<string>;
  value: unknown;
  label: string;
  current: string;
  setCurrent: (path: string) => void;
  onFlip: (path: string) => void;
  onWhole: (path: string) => void;
}

function Lines(options: LinesOptions) {
  const { rows, label, current } = options;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const at = Math.max(
    0,
    rows.findIndex(({ path }) => path === current),
  );
  return (
    <div
      ref={scroller}
      className="run-json-lines"
      style={{ maxHeight: rowHeight * visibleRowsMax }}
      role="tree"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={`${id}-${at}`}
      onKeyDown={(event) => press(event, options, { at, show: (next) => virtual.scrollToIndex(next) })}
    >
      <div style={{ height: virtual.getTotalSize() }} className="run-json-all" role="presentation">
        {virtual.getVirtualItems().map(({ index, start, key }) => (
          <div
            key={key}
            ref={virtual.measureElement}
            data-index={index}
            id={`${id}-${index}`}
            className="run-json-place"
            style={{ transform: `translateY(${start}px)` }}
            {...asItem(rows[index] as JsonRow, index === at)}
          >
            <Line {...options} row={rows[index] as JsonRow} isCurrent={index === at} />
          </div>
        ))}
      </div>
    </div>
  );
}

function asItem({ depth, canOpen, isOpen }: JsonRow, isCurrent: boolean) {
  return {
    role: "treeitem",
    "aria-level": depth + 1,
    "aria-selected": isCurrent,
    ...(canOpen ? { "aria-expanded": isOpen } : {}),
  };
}

const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

/** Handles keys as usual for trees: up and down move, left closes, right opens. */
function press(
  event: KeyboardEvent,
  { rows, setCurrent, onFlip, onWhole }: LinesOptions,
  { at, show }: { readonly at: number; readonly show: (row: number) => void },
): void {
  const row = rows[at];
  const step = steps[event.key];
  if (row === undefined) return;
  if (step !== undefined) {
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, at + step));
    setCurrent(rows[next]?.path ?? "$");
    show(next);
    return;
  }
  const isFolding =
    (event.key === "ArrowLeft" && row.isOpen) || (event.key === "ArrowRight" && row.canOpen && !row.isOpen);
  if (!isFolding && event.key !== "Enter") return;
  event.preventDefault();
  act(row, { onFlip, onWhole });
}

function act(row: JsonRow, { onFlip, onWhole }: Pick<LinesOptions, "onFlip" | "onWhole">): void {
  if (row.isMore) onWhole(row.path.slice(0, -2));
  else if (row.isTruncated) onWhole(row.path);
  else if (row.canOpen) onFlip(row.path);
}

function Line(options: LinesOptions & { row: JsonRow; isCurrent: boolean }) {
  const { row, isCurrent, hits, value, setCurrent } = options;
  return (
    // The tree handles the keys.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      className={`run-json-line${hits.has(row.path) ? " hit" : ""}${isCurrent ? " current" : ""}${row.canOpen ? " can-open" : ""}`}
      style={{ paddingLeft: `${row.depth * 1.1 + 0.4}rem` }}
      onClick={() => {
        setCurrent(row.path);
        if (!row.isTruncated) act(row, options);
      }}
    >
      <span className="run-json-fold" aria-hidden="true">
        {row.canOpen ? (row.isOpen ? "▾" : "▸") : ""}
      </span>
      {row.name === undefined ? null : <span className="run-json-name">{row.name}</span>}
      <span className={`json-${row.kind}`}>
        {row.kind === "string" ? JSON.stringify(row.text) : row.text}
      </span>
      {row.isTruncated ? (
        <button type="button" className="press quiet" tabIndex={-1} onClick={() => options.onWhole(row.path)}>
          show all
        </button>
      ) : null}
      {isCurrent && row.depth > 0 && !row.isMore ? (
        <Copy text={textOf(valueAt(value, row.path))} label={row.name ?? "the value"} />
      ) : null}
    </div>
  );
}
