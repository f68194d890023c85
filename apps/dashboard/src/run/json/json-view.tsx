import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useDeferredValue, useId, useMemo, useRef, useState } from "react";
import { Copy } from "../../elements/copy.tsx";
import { find, type JsonRow, jsonRows, textOf, valueAt } from "./rows.ts";

const rowHeight = 22;
const shownMax = 22;
/** Values with fewer lines need no search. */
const searchedFrom = 12;

/** A value as a tree: folded, searched, copied in parts. Large ones are drawn as far as they are seen. */
export function JsonView({ value, what }: { value: unknown; what: string }) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set());
  const [wanted, setWanted] = useState("");
  const [current, setCurrent] = useState("$");
  const deferred = useDeferredValue(wanted);
  const { found, around } = useMemo(() => find(value, deferred), [value, deferred]);
  const usual = useMemo(
    () => new Set(jsonRows(value, none).flatMap(({ path, isOpen }) => (isOpen ? [path] : []))),
    [value],
  );
  // What is around something found is open, whatever was usual.
  const shown = useMemo(() => {
    if (around.size === 0) return { toggled, whole };
    const opened = new Set(toggled);
    for (const path of around) {
      if (usual.has(path)) opened.delete(path);
      else opened.add(path);
    }
    return { toggled: opened, whole };
  }, [toggled, whole, around, usual]);
  const rows = useMemo(() => jsonRows(value, shown), [value, shown]);
  const hits = useMemo(() => new Set(found), [found]);
  if (value === undefined) return <p className="soft">none</p>;
  const flip = (path: string) => setToggled(flipped(toggled, path));
  return (
    <div className="run-json">
      <div className="run-json-bar">
        {rows.length >= searchedFrom || wanted !== "" ? (
          <input
            type="search"
            className="code"
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
            placeholder="Search"
            aria-label={`Search in ${what}`}
          />
        ) : (
          <span />
        )}
        <span className="small soft" aria-live="polite">
          {deferred === "" ? "" : `${found.length} found`}
        </span>
        <Copy text={textOf(value)} what={what} />
      </div>
      <Lines
        {...{ rows, hits, value, what, current, setCurrent }}
        onFlip={flip}
        onWhole={(path) => setWhole(flipped(whole, path))}
      />
    </div>
  );
}

const none = { toggled: new Set<string>(), whole: new Set<string>() };

function flipped(set: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(path)) next.add(path);
  return next;
}

function Lines(options: {
  rows: readonly JsonRow[];
  hits: ReadonlySet<string>;
  value: unknown;
  what: string;
  current: string;
  setCurrent: (path: string) => void;
  onFlip: (path: string) => void;
  onWhole: (path: string) => void;
}) {
  const { rows, hits, value, what, current, setCurrent, onFlip, onWhole } = options;
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
  const move = (event: KeyboardEvent) => {
    const row = rows[at];
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.min(rows.length - 1, Math.max(0, at + step));
      setCurrent(rows[next]?.path ?? "$");
      virtual.scrollToIndex(next);
      return;
    }
    if (row === undefined) return;
    const isFolding =
      (event.key === "ArrowLeft" && row.isOpen) || (event.key === "ArrowRight" && row.canOpen && !row.isOpen);
    if (!isFolding && event.key !== "Enter") return;
    event.preventDefault();
    if (row.isMore) onWhole(row.path.slice(0, -2));
    else if (row.isCut) onWhole(row.path);
    else if (row.canOpen) onFlip(row.path);
  };
  return (
    <div
      ref={scroller}
      className="run-json-lines"
      style={{ maxHeight: rowHeight * shownMax }}
      role="tree"
      aria-label={what}
      tabIndex={0}
      aria-activedescendant={`${id}-${at}`}
      onKeyDown={move}
    >
      <div style={{ height: virtual.getTotalSize() }} className="run-json-all" role="presentation">
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const row = rows[index] as JsonRow;
          return (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              id={`${id}-${index}`}
              role="treeitem"
              aria-level={row.depth + 1}
              aria-selected={index === at}
              {...(row.canOpen ? { "aria-expanded": row.isOpen } : {})}
              tabIndex={-1}
              className={`run-json-line${hits.has(row.path) ? " hit" : ""}${index === at ? " current" : ""}`}
              style={{ transform: `translateY(${start}px)`, paddingLeft: `${row.depth * 1.1 + 0.4}rem` }}
              onClick={() => {
                setCurrent(row.path);
                if (row.isMore) onWhole(row.path.slice(0, -2));
                else if (row.canOpen) onFlip(row.path);
              }}
              onKeyDown={() => {}}
            >
              <span className="run-json-fold" aria-hidden="true">
                {row.canOpen ? (row.isOpen ? "▾" : "▸") : ""}
              </span>
              {row.name === undefined ? null : <span className="run-json-name">{row.name}</span>}
              <span className={`json-${row.kind}`}>
                {row.kind === "string" ? JSON.stringify(row.text) : row.text}
              </span>
              {row.isCut ? (
                <button
                  type="button"
                  className="press quiet"
                  tabIndex={-1}
                  onClick={(event) => {
                    event.stopPropagation();
                    onWhole(row.path);
                  }}
                >
                  all of it
                </button>
              ) : null}
              {index === at && row.depth > 0 && !row.isMore ? (
                <Copy text={textOf(valueAt(value, row.path))} what={`${row.name ?? "value"}`} />
              ) : null}
            </div>
          );
        })}
      </div>
    </div>
  );
}
