import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Routes } from "@tutti/rest/types";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import { nowMs } from "../../effects/time.ts";
import { Field } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted, span } from "../../elements/moments.ts";
import { PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { factsQuery, factTablesQuery } from "./queries.ts";
import { csvOf, type Result, type Value } from "./result.ts";
import { ResultView } from "./result-view.tsx";
import { examples } from "./search.ts";
import "./explore.css";

/** Facts about all work, queried with SQL. The address contains the query. */
export function ExplorePage() {
  const { sql } = useSearch({ from: "/explore" });
  const navigate = useNavigate({ from: "/explore" });
  const run = (query: string) => void navigate({ search: query.trim() === "" ? {} : { sql: query } });
  return (
    <>
      <PageHead
        title="Explore"
        below="Query facts about runs, sessions, missions, attempts and agents with SQL."
      />
      <QueryForm sql={sql ?? ""} onRun={run} />
      {sql === undefined ? null : <Answer sql={sql} />}
      <Part title="Examples">
        <ul className="explore-examples">
          {examples.map((each) => (
            <li key={each.title}>
              <button type="button" className="press" onClick={() => run(each.sql)}>
                {each.title}
              </button>
            </li>
          ))}
        </ul>
      </Part>
      <Tables />
    </>
  );
}

function QueryForm({ sql, onRun }: { sql: string; onRun: (sql: string) => void }) {
  const [text, setText] = useState(sql);
  useEffect(() => setText(sql), [sql]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onRun(text);
  };
  return (
    <form className="ask explore-ask" onSubmit={submit}>
      <Field label="Query" hint="One SELECT statement of SQLite. Ctrl Enter runs it.">
        {({ id, describedBy }) => (
          <textarea
            id={id}
            className="code"
            rows={6}
            value={text}
            spellCheck={false}
            aria-describedby={describedBy}
            placeholder="SELECT status, count(*) FROM runs GROUP BY status"
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              onRun(text);
            }}
          />
        )}
      </Field>
      <button type="submit" className="press main">
        Run query
      </button>
    </form>
  );
}

function Answer({ sql }: { sql: string }) {
  const query = useQuery(factsQuery(sql));
  return (
    <Part title="Result" aside={query.data === undefined ? null : <Head data={query.data} />}>
      <QueryView query={query} label="result" lines={6}>
        {(data) => <ResultView result={resultOf(data)} />}
      </QueryView>
    </Part>
  );
}

type Reply = Routes["facts.query"]["reply"];

function resultOf({ columns, rows }: Reply): Result {
  // The cast: the reply promises a list of rows in the order of the columns.
  return { columns, rows: (rows ?? []) as readonly (readonly Value[])[] };
}

/** The number of rows, and a download of the result. */
function Head({ data }: { data: Reply }) {
  const result = resultOf(data);
  const href = useMemo(() => URL.createObjectURL(new Blob([csvOf(result)], { type: "text/csv" })), [result]);
  useEffect(() => () => URL.revokeObjectURL(href), [href]);
  return (
    <>
      {counted(result.rows.length, "row")} in {span(data.tookMs ?? 0)}
      {data.cut === true ? ", more exist" : ""}
      {data.recordedToMs === undefined ? null : (
        <>
          , recorded to <Moment atMs={data.recordedToMs} />
        </>
      )}{" "}
      <a
        className="press quiet"
        href={href}
        download={`facts-${new Date(nowMs()).toISOString().slice(0, 10)}.csv`}
      >
        Download CSV
      </a>
    </>
  );
}

/** The tables and their columns. */
function Tables() {
  const query = useQuery(factTablesQuery());
  return (
    <Part title="Tables">
      <QueryView query={query} label="tables" lines={4}>
        {({ tables }) =>
          tables.map(({ name, description, columns }) => (
            <details key={name} className="explore-table">
              <summary>
                <code>{name}</code> <span className="soft small">{description}</span>
              </summary>
              <dl className="facts">
                {columns.map((column) => (
                  <div key={column.name}>
                    <dt>
                      <code>{column.name}</code> <span className="soft small">{column.type}</span>
                    </dt>
                    <dd className="small">{column.description}</dd>
                  </div>
                ))}
              </dl>
            </details>
          ))
        }
      </QueryView>
    </Part>
  );
}
