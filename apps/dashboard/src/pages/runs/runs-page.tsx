import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { countsQuery, runsQuery } from "../../data/queries.ts";
import { pageError } from "../../data/send.ts";
import { nowMs } from "../../effects/time.ts";
import { count } from "../../elements/moments.ts";
import { Empty, Failure, Loading, PageHead } from "../../elements/parts.tsx";
import { pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { Bulk } from "./bulk.tsx";
import { isFiltered, listCommand, parametersOf } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { RunRows } from "./run-rows.tsx";
import "./runs.css";
import type { RunsSearch } from "./search.ts";

/** All runs: filters, search, live updates, and bulk actions. */
export function RunsPage() {
  const search = useSearch({ from: "/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const change = (next: RunsSearch) => void navigate({ search: next, replace: true });
  // The time of the search. A query key that changes every second would never hit the cache.
  const requestedMs = useMemo(() => (search.within === undefined ? 0 : nowMs()), [search.within]);
  const parameters = parametersOf(search, requestedMs);
  const list = useInfiniteQuery(runsQuery(parameters));
  const counts = useQuery(countsQuery({ ...parameters, oldestFirst: undefined }, "status"));
  const total = counts.data?.counts.reduce((sum, { count: many }) => sum + (many ?? 0), 0);
  const runs = useMemo(() => list.data?.pages.flatMap((page) => page.runs) ?? [], [list.data]);
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  return (
    <div className="runs-page">
      <PageHead
        title="Runs"
        below={
          total === undefined ? <>&nbsp;</> : `${count(total)} ${isFiltered(search) ? "match" : "in all"}`
        }
        actions={
          <span className="action lone">
            <Spelled
              label="This list"
              call={{ method: "GET", path: pathOf(["runs"], parameters) }}
              command={listCommand(search)}
            />
          </span>
        }
      />
      <Filters search={search} onChange={change} />
      <Bulk
        marked={marked}
        search={search}
        requestedMs={requestedMs}
        total={total}
        onDone={() => setMarked(new Set())}
      />
      {list.data !== undefined && runs.length > 0 ? (
        <RunRows
          runs={runs}
          marked={marked}
          onMark={setMarked}
          hasMore={list.hasNextPage}
          onMore={() => {
            if (!list.isFetchingNextPage) void list.fetchNextPage();
          }}
          total={total}
        />
      ) : (
        <Otherwise
          error={list.error}
          isWaiting={list.isPending}
          search={search}
          onRetry={() => void list.refetch()}
          onClear={() => change({})}
        />
      )}
    </div>
  );
}

function Otherwise(options: {
  error: Error | null;
  isWaiting: boolean;
  search: RunsSearch;
  onRetry: () => void;
  onClear: () => void;
}) {
  const { error, isWaiting, search } = options;
  if (isWaiting) return <Loading label="runs" lines={12} />;
  if (error !== null) {
    const { message, code } = pageError(error);
    return <Failure title="Runs cannot be shown" message={message} code={code} onRetry={options.onRetry} />;
  }
  if (isFiltered(search))
    return (
      <Empty title="No runs match.">
        <button type="button" className="press" onClick={options.onClear}>
          Show all runs
        </button>
      </Empty>
    );
  return (
    <Empty title="No runs yet.">
      <p>
        <Link to="/start">Start a run</Link>, or in a terminal: <code>npx tutti run order.yaml</code>
      </p>
    </Empty>
  );
}
