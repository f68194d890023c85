import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { AuditRecord } from "@tutti/rest/types";
import { useMemo } from "react";
import { recordsQuery } from "../../data/governance-queries.ts";
import { pageError } from "../../data/send.ts";
import { nowMs } from "../../effects/time.ts";
import { Moment } from "../../elements/moment.tsx";
import { clock, count, counted } from "../../elements/moments.ts";
import { Empty, Failure, Loading, Part } from "../../elements/parts.tsx";
import { principalText } from "../access/question.ts";
import { ExportPart } from "./export-part.tsx";
import { aboutOf, actionOf } from "./record.ts";
import { type AuditSearch, parametersOf, searchCommand } from "./search.ts";
import { SearchForm } from "./search-form.tsx";

/** Audit records filtered by actor, event, object and time, or only those of rejected calls. */
export function RecordsView() {
  const search = useSearch({ from: "/audit" });
  const { record: _, ...wanted } = search;
  const filterKey = JSON.stringify(wanted);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter changes only with the search
  const filter = useMemo(() => parametersOf(wanted, nowMs()), [filterKey]);
  const query = useInfiniteQuery(recordsQuery(filter));
  const pages = query.data?.pages ?? [];
  const records = pages.flatMap((page) => page.records);
  const readTo = pages[0]?.indexedToMs;
  return (
    <>
      <Part
        title={search.view === "refused" ? "Rejected calls" : "Records"}
        aside={readTo === undefined ? "…" : `up to ${clock(readTo)}`}
      >
        <SearchForm
          key={filterKey}
          criteria={wanted}
          isBusy={query.isFetching}
          onRefetch={() => void query.refetch()}
        />
        {query.data === undefined && query.error === null ? <Loading label="records" lines={8} /> : null}
        {query.data === undefined && query.error !== null ? (
          <Failure
            title="Records cannot be searched"
            {...pageError(query.error)}
            onRetry={() => void query.refetch()}
          />
        ) : null}
        {query.data !== undefined && records.length === 0 ? <Nothing criteria={wanted} /> : null}
        {records.length === 0 ? null : (
          <ul className="records" aria-label="Records">
            {records.map((record) => (
              <li key={record.recordId}>
                <Line record={record} search={search} />
              </li>
            ))}
          </ul>
        )}
        {query.hasNextPage ? (
          <button
            type="button"
            className="press"
            disabled={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {wanted.oldest === true ? "Newer records" : "Older records"}
          </button>
        ) : null}
      </Part>
      <ExportPart filter={filter} command={searchCommand("export", wanted)} />
    </>
  );
}

function Nothing({ criteria }: { criteria: AuditSearch }) {
  const { view, ...others } = criteria;
  if (Object.keys(others).length > 0)
    return <Empty title="No records match.">Use fewer filters or an earlier time.</Empty>;
  return view === "refused" ? (
    <Empty title="No rejected calls.">Lists calls without permission, invalid keys and lock-outs.</Empty>
  ) : (
    <Empty title="No records yet.">The first run, lock or key creates the first record.</Empty>
  );
}

function Line({ record, search }: { record: AuditRecord; search: AuditSearch }) {
  const { recordId = "", timeMs, cause, result, error, count: many = 1, address } = record;
  return (
    <article className={result === "refused" ? "record tone-wrong" : "record"}>
      <span className="small soft">
        <Moment atMs={timeMs} />
      </span>
      <span>
        <code>{principalText(cause?.actor)}</code>
      </span>
      <Link to="/audit" search={{ ...search, record: recordId }} resetScroll={false}>
        <code>{actionOf(record)}</code>
      </Link>
      <span className="small">{aboutOf(record)}</span>
      {result === "refused" ? (
        <span className="small record-why">
          {error?.message ?? error?.code}
          {many > 1 ? (
            <strong>
              {" "}
              · {counted(many, "time")}, of which {count(many - 1)} were omitted
            </strong>
          ) : null}
          {address ? <span className="soft"> · from {address}</span> : null}
        </span>
      ) : cause?.reason ? (
        <span className="small soft record-why">“{cause.reason}”</span>
      ) : null}
    </article>
  );
}
