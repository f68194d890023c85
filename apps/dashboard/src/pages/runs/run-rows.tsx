// Rows are positioned by code, which table elements do not allow. The focus belongs to the table, not to its rows.
// biome-ignore-all lint/a11y/useSemanticElements: see above
// biome-ignore-all lint/a11y/useFocusableInteractive: see above
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { Run } from "@tutti/rest/types";
import {
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { approvalsQuery } from "../../data/queries.ts";
import { omittedRuns, reloadRunLists, setAcceptsNew, subscribeOmitted } from "../../data/run-lists.ts";
import { Duration, Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Tag } from "../../elements/parts.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { runBadge } from "../../score/states.ts";
import { useIsNarrow } from "../../shell/use-is-narrow.ts";
import { workflowOf } from "../overview/score-layout.ts";
import { failureText, tasksDone } from "./outcome.ts";

const rowPx = 44;
const narrowRowPx = 92;
const overscan = 12;
const moreBefore = 60;

export type Mark = (change: (marked: ReadonlySet<string>) => ReadonlySet<string>) => void;

interface RowsOptions {
  runs: readonly Run[];
  marked: ReadonlySet<string>;
  onMark: Mark;
  hasMore: boolean;
  onMore: () => void;
  total: number | undefined;
}

/** Renders only the visible rows of any number of runs. Loads the next page before the end is reached. */
export function RunRows({ runs, marked, onMark, hasMore, onMore, total }: RowsOptions) {
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useIsNarrow();
  const [at, setAt] = useState(0);
  const rows = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? narrowRowPx : rowPx),
    getItemKey: (index) => runs[index]?.runId ?? index,
    overscan,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height of a row follows from the width of the page
  useEffect(() => rows.measure(), [narrow]);
  const inboxes = useInboxes(runs);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= runs.length - moreBefore) onMore();
  }, [hasMore, last, runs.length, onMore]);
  // New runs appear at the top only while the top is visible, because rows must not move while the user reads.
  useEffect(() => () => setAcceptsNew(true), []);
  const press = useRowKeys({ runs, at, setAt, marked, onMark, show: (index) => rows.scrollToIndex(index) });
  const follow = useFollow();
  const toggle = useCallback(
    (runId: string, on: boolean) => onMark((old) => toggled(old, runId, on)),
    [onMark],
  );
  return (
    <div className="run-list">
      <NewRuns onShow={() => scroller.current?.scrollTo({ top: 0 })} />
      <div
        ref={scroller}
        className="run-scroll"
        tabIndex={0}
        role="table"
        aria-label="Runs"
        aria-rowcount={total ?? runs.length}
        onKeyDown={press}
        onClick={follow}
        onScroll={(event) => setAcceptsNew(event.currentTarget.scrollTop < rowPx)}
      >
        <RowsHead runs={runs} marked={marked} onMark={onMark} />
        <div role="rowgroup" className="run-rows" style={{ height: rows.getTotalSize() }}>
          {items.map(({ index, start, size }) => {
            const run = runs[index];
            return run === undefined ? null : (
              <RunRow
                key={run.runId}
                run={run}
                inbox={inboxes.get(run.runId)}
                index={index}
                top={start}
                height={size}
                isAt={index === at}
                isMarked={marked.has(run.runId)}
                onMark={toggle}
              />
            );
          })}
        </div>
      </div>
      <p className="run-foot small soft" role="status">
        {hasMore
          ? `${count(runs.length)} loaded${total === undefined ? "" : ` of ${count(total)}`}`
          : `${counted(runs.length, "run")}, all loaded`}
      </p>
    </div>
  );
}

/** The inboxes in which tasks of running runs wait for a person, by run. */
function useInboxes(runs: readonly Run[]): ReadonlyMap<string, string> {
  const isRunning = runs.some(({ status }) => status === "running");
  const { data } = useQuery({ ...approvalsQuery(), enabled: isRunning });
  return useMemo(
    () =>
      new Map(
        (data?.approvals ?? []).flatMap(({ inboxTask }) =>
          inboxTask?.about?.kind === "run" ? [[inboxTask.about.id, inboxTask.inbox ?? ""] as const] : [],
        ),
      ),
    [data],
  );
}

function toggled(marked: ReadonlySet<string>, runId: string, on: boolean): ReadonlySet<string> {
  const next = new Set(marked);
  if (on) next.add(runId);
  else next.delete(runId);
  return next;
}

/** Opens the plain links of rows inside the dashboard. The browser handles clicks with a modifier key. */
function useFollow() {
  const navigate = useNavigate();
  return (event: MouseEvent) => {
    const runId = (event.target as HTMLElement).dataset["run"];
    if (runId === undefined || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    void navigate({ to: "/runs/$runId", params: { runId } });
  };
}

function useRowKeys(options: {
  runs: readonly Run[];
  at: number;
  setAt: (index: number) => void;
  marked: ReadonlySet<string>;
  onMark: Mark;
  show: (index: number) => void;
}) {
  const { runs, at, setAt, marked, onMark, show } = options;
  const navigate = useNavigate();
  return (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    const runId = runs[at]?.runId;
    if (step !== undefined) {
      const next = Math.min(runs.length - 1, Math.max(0, at + step));
      setAt(next);
      show(next);
    } else if (event.key === "x" && runId !== undefined)
      onMark((old) => toggled(old, runId, !marked.has(runId)));
    else if (event.key === "Enter" && runId !== undefined && event.target === event.currentTarget)
      void navigate({ to: "/runs/$runId", params: { runId } });
    else return;
    event.preventDefault();
  };
}

function NewRuns({ onShow }: { onShow: () => void }) {
  const omitted = useSyncExternalStore(subscribeOmitted, omittedRuns);
  if (omitted === 0) return null;
  return (
    <button
      type="button"
      className="press main new-runs"
      onClick={() => {
        onShow();
        void reloadRunLists();
      }}
    >
      {counted(omitted, "new run")}
    </button>
  );
}

function RowsHead({ runs, marked, onMark }: Pick<RowsOptions, "runs" | "marked" | "onMark">) {
  const all = runs.length > 0 && runs.every(({ runId }) => marked.has(runId));
  return (
    <div role="rowgroup" className="run-head">
      <div role="row" className="run-row">
        <span role="columnheader" className="run-mark">
          <input
            type="checkbox"
            aria-label="Select all loaded runs"
            checked={all}
            onChange={() => onMark(() => (all ? new Set() : new Set(runs.map(({ runId }) => runId))))}
          />
        </span>
        {["State", "Run", "Workflow", "Tasks", "Started", "Duration"].map((column) => (
          <span key={column} role="columnheader" className={`run-${column.toLowerCase()}`}>
            {column}
          </span>
        ))}
      </div>
    </div>
  );
}

interface RowOptions {
  run: Run;
  /** The inbox in which a task of the run waits for a person. */
  inbox: string | undefined;
  index: number;
  top: number;
  height: number;
  isAt: boolean;
  isMarked: boolean;
  onMark: (runId: string, on: boolean) => void;
}

const RunRow = memo(
  function RunRow({ run, inbox, index, top, height, isAt, isMarked, onMark }: RowOptions) {
    const { runId } = run;
    const badge = runBadge(run.status, run.tasks);
    const failed = failureText(run);
    const openApprovals = run.openApprovals ?? 0;
    return (
      <div
        role="row"
        aria-rowindex={index + 2}
        aria-selected={isMarked}
        className={`run-row${isAt ? " at" : ""}${isMarked ? " marked" : ""}`}
        style={{ transform: `translateY(${top}px)`, height }}
      >
        <Cell name="mark">
          <input
            type="checkbox"
            aria-label={`Select ${runId}`}
            checked={isMarked}
            onChange={(event) => onMark(runId, event.target.checked)}
          />
        </Cell>
        <Cell name="state">
          <BadgeMark badge={badge} />
        </Cell>
        <Cell name="run">
          {/* A plain link, because a router link would cost more than the rest of the row. */}
          <a href={`/runs/${encodeURIComponent(runId)}`} data-run={runId} className="clipped" title={runId}>
            {runId}
          </a>
          {openApprovals > 0 || inbox !== undefined ? (
            <span className="run-why small tone-held clipped">
              {openApprovals > 0 ? counted(openApprovals, "approval") : `in the inbox ${inbox}`}
            </span>
          ) : failed === "" ? (
            <Labels labels={run.spec?.labels} />
          ) : (
            <span className="run-why small soft clipped" title={failed}>
              {failed}
            </span>
          )}
        </Cell>
        <Cell name="workflow">
          <span className="clipped" title={workflowOf(run)}>
            {workflowOf(run)}
          </span>
        </Cell>
        <Cell name="tasks">{tasksDone(run)}</Cell>
        <Cell name="started">
          <Moment atMs={run.createTimeMs} />
        </Cell>
        <Cell name="duration">
          <Duration of={run} />
        </Cell>
      </div>
    );
  },
  (one, other) =>
    one.run === other.run &&
    one.inbox === other.inbox &&
    one.top === other.top &&
    one.height === other.height &&
    one.isAt === other.isAt &&
    one.isMarked === other.isMarked &&
    one.index === other.index,
);

function Cell({ name, children }: { name: string; children: ReactNode }) {
  return (
    <span role="cell" className={`run-${name}`}>
      {children}
    </span>
  );
}

function Labels({ labels = {} }: { labels?: Readonly<Record<string, string>> | undefined }) {
  return (
    <span className="run-labels">
      {Object.entries(labels)
        .slice(0, 3)
        .map(([name, value]) => (
          <Tag key={name}>
            {name}={value}
          </Tag>
        ))}
    </span>
  );
}
