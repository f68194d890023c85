import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { CacheEntryInfo, Routes } from "@tutti/rest/types";
import { useState } from "react";
import { read } from "../../data/queries.ts";
import { useNow } from "../../effects/use-now.ts";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { CopyLine } from "../../elements/copy.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { bytes, counted, span } from "../../elements/moments.ts";
import { Empty, Facts, Meter, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import {
  type CacheSearch,
  type FilterName,
  figuresOf,
  fullness,
  invalidation,
  listCommand,
  listPath,
  removal,
  stateOf,
  type Usage,
} from "./cache.ts";
import "./cache.css";

const usagePath = pathOf(["cache", "usage"]);

/** Polling interval, because uses of the cache cause no events. */
const pollMs = 10_000;
const usageQuery = () =>
  queryOptions({
    queryKey: ["cache", "usage"],
    queryFn: ({ signal }) => read<Usage>(usagePath, signal),
    refetchInterval: pollMs,
  });
const listQuery = (search: CacheSearch) =>
  queryOptions({
    queryKey: ["cache", "list", search],
    queryFn: ({ signal }) => read<Routes["cache.list"]["reply"]>(listPath(search), signal),
    refetchInterval: pollMs,
    placeholderData: (before) => before,
  });
const entryQuery = (entryId: string) =>
  queryOptions({
    queryKey: ["cache", "entry", entryId],
    queryFn: ({ signal }) => read<CacheEntryInfo>(pathOf(["cache", entryId]), signal),
    retry: false,
  });

/** The outputs that tasks reuse: savings, size, and removal. */
export function CachePage() {
  const search = useSearch({ from: "/cache" });
  const usage = useQuery(usageQuery());
  const entries = useQuery(listQuery(search));
  return (
    <>
      <PageHead title="Cache" below="Outputs that tasks with the same input reuse" />
      <Part
        title="Use"
        aside={
          <span className="action lone">
            <Spelled label="Use" call={{ method: "GET", path: usagePath }} command="tutti cache usage" />
          </span>
        }
      >
        <QueryView query={usage} label="the use of the cache" lines={2}>
          {(known) => (
            <>
              <dl className="cache-figures" aria-label="Use of the cache">
                {figuresOf(known).map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
              <Meter share={fullness(known)} tone={fullness(known) > 0.9 ? "held" : "done"} />
            </>
          )}
        </QueryView>
      </Part>
      <Part
        title="Entries"
        aside={
          <span className="action lone">
            <Spelled
              label="Entries"
              call={{ method: "GET", path: listPath(search) }}
              command={listCommand(search)}
            />
          </span>
        }
      >
        <Choices search={search} />
        <QueryView query={entries} label="cached outputs" lines={4}>
          {({ entries: found, nextToken = "" }) =>
            found.length === 0 ? (
              <Empty title={search.by === undefined ? "No cached outputs yet." : "No entries match."}>
                Tasks with <code>cache</code> store them.
              </Empty>
            ) : (
              <>
                <Entries entries={found} />
                {nextToken === "" ? null : (
                  <p className="small soft">
                    The first {counted(found.length, "entry", "entries")} are shown.
                  </p>
                )}
                <Invalidate search={search} />
              </>
            )
          }
        </QueryView>
      </Part>
    </>
  );
}

const choices: readonly (readonly [FilterName | "", string])[] = [
  ["", "all"],
  ["tag", "tag"],
  ["capability", "capability"],
  ["agent", "worker"],
  ["of-run", "run"],
];

function Choices({ search }: { search: CacheSearch }) {
  const navigate = useNavigate({ from: "/cache" });
  const [by, setBy] = useState<string>(search.by ?? "");
  const [value, setValue] = useState(search.value ?? "");
  const show = (nextBy: string, nextValue: string) => {
    setBy(nextBy);
    setValue(nextValue);
    const isComplete = nextBy !== "" && nextValue.trim() !== "";
    // The cast: the options are names of filters.
    const next: CacheSearch = isComplete ? { by: nextBy as FilterName, value: nextValue.trim() } : {};
    void navigate({ search: next, replace: true });
  };
  return (
    <search className="cache-look">
      <ChoiceField label="Entries by" value={by} choices={choices} onChange={(next) => show(next, value)} />
      {by === "" ? null : <TextField label="Value" value={value} onChange={(next) => show(by, next)} code />}
    </search>
  );
}

const titles = ["Capability", "Workflow", "State", "Computed by", "Size", "Uses", "Expires", "Details"];

function Entries({ entries }: { entries: readonly CacheEntryInfo[] }) {
  const nowMs = useNow();
  const [opened, setOpened] = useState<string>();
  return (
    <>
      <ScrollTable label="Entries" className="cache-entries" titles={titles}>
        {entries.map((entry) => {
          const { entryId = "", capability = "", workflow = "", runId = "", computingRunId = "" } = entry;
          const [label, tone] = stateOf(entry, nowMs);
          const run = runId === "" ? computingRunId : runId;
          return (
            <tr key={entryId}>
              <th scope="row">
                <code>{capability}</code>
                {entry.tags.length === 0 ? null : (
                  <span className="cache-tags">
                    {entry.tags.map((tag) => (
                      <Tag key={tag}>{tag}</Tag>
                    ))}
                  </span>
                )}
              </th>
              <td>
                {workflow === "" ? null : (
                  <Link to="/workflows/$name" params={{ name: workflow }}>
                    {workflow}
                  </Link>
                )}
              </td>
              <td>
                <Tag tone={tone}>{label}</Tag>
              </td>
              <td>
                {run === "" ? null : (
                  <Link to="/runs/$runId" params={{ runId: run }}>
                    {run}
                  </Link>
                )}
              </td>
              <td>{bytes(entry.bytes ?? 0)}</td>
              <td>{entry.uses ?? 0}</td>
              <td>{entry.expireTimeMs === undefined ? null : <Moment atMs={entry.expireTimeMs} />}</td>
              <td>
                <button
                  type="button"
                  className="press quiet"
                  aria-label={`Show ${capability} ${entryId.slice(0, 8)}`}
                  onClick={() => setOpened(entryId)}
                >
                  Show
                </button>
              </td>
            </tr>
          );
        })}
      </ScrollTable>
      <Dialog
        title={`Entry ${opened?.slice(0, 12) ?? ""}`}
        open={opened !== undefined}
        onClose={() => setOpened(undefined)}
        wide
      >
        {opened === undefined ? null : <Entry entryId={opened} onRemoved={() => setOpened(undefined)} />}
      </Dialog>
    </>
  );
}

function Entry({ entryId, onRemoved }: { entryId: string; onRemoved: () => void }) {
  const query = useQuery(entryQuery(entryId));
  const queries = useQueryClient();
  return (
    <>
      <QueryView query={query} label="the entry" lines={6}>
        {(entry) => <Details entry={entry} />}
      </QueryView>
      <CopyLine label="Command" text={commandLine("tutti", "cache", "show", entryId)} />
      <ConfirmForm
        action={{
          label: "Invalidate entry",
          weight: "grave",
          doneText: "The entry is removed.",
          question: "The next task with this input computes the output again.",
        }}
        call={(reason) => removal(entryId, reason).call}
        command={(reason) => removal(entryId, reason).command}
        onDone={() => {
          onRemoved();
          void queries.invalidateQueries({ queryKey: ["cache"] });
        }}
      />
    </>
  );
}

function Details({ entry }: { entry: CacheEntryInfo }) {
  const { capability, runId = "", taskId = "", agent, output, error, sources, waiting = 0 } = entry;
  const facts: (readonly [string, React.ReactNode])[] = [
    ["Capability", <code key="capability">{capability}</code>],
    ...(runId === "" ? [] : [["Computed by", `run ${runId}, task ${taskId}`] as const]),
    ...(agent === undefined ? [] : [["Worker", agent] as const]),
    ...(entry.storeTimeMs === undefined
      ? []
      : [["Stored", <Moment key="stored" atMs={entry.storeTimeMs} />] as const]),
    ...(entry.staleUntilTimeMs === undefined
      ? []
      : [["Used until", <Moment key="stale" atMs={entry.staleUntilTimeMs} />] as const]),
    ...(entry.present === true ? [["Computed in", span(entry.computeMs ?? 0)] as const] : []),
    ...(entry.neededOutputs === undefined
      ? []
      : [["Equal outputs", `${entry.equalOutputs ?? 0}, ${entry.neededOutputs} are needed`] as const]),
    ...(entry.differTimeMs === undefined
      ? []
      : [["Differed", <Moment key="differed" atMs={entry.differTimeMs} />] as const]),
    ["Used in", counted(entry.uses ?? 0, "minute")],
    ...(waiting === 0 ? [] : [["Waiting", counted(waiting, "task")] as const]),
    ...(sources.length === 0
      ? []
      : [["Computed from", counted(sources.length, "entry", "entries")] as const]),
    ...(error === undefined ? [] : [["Error", error.message] as const]),
  ];
  return (
    <>
      <Facts facts={facts} />
      {output === undefined ? null : <Json value={output} label="output" />}
      {runId === "" ? null : (
        <CopyLine label="Why tasks used it" text={commandLine("tutti", "cache", "explain", runId)} />
      )}
    </>
  );
}

function Invalidate({ search }: { search: CacheSearch }) {
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [derived, setDerived] = useState("");
  const which = search.by === undefined ? "all entries" : "these entries";
  return (
    <p className="cache-invalidate">
      <button type="button" className="press quiet" onClick={() => setOpen(true)}>
        Invalidate {which} …
      </button>
      <Dialog title={`Invalidate ${which}`} open={isOpen} onClose={() => setOpen(false)}>
        <ChoiceField
          label="Outputs computed from them"
          value={derived}
          choices={[
            ["", "keep"],
            ["derived", "remove too"],
          ]}
          onChange={setDerived}
        />
        <ConfirmForm
          action={{
            label: "Invalidate",
            weight: "grave",
            doneText: "The entries are removed.",
            question: `Remove ${which} of the namespace? The next tasks compute the outputs again.`,
          }}
          subject={which}
          call={(reason) => invalidation(search, derived !== "", reason).call}
          command={(reason) => invalidation(search, derived !== "", reason).command}
          onDone={() => {
            setOpen(false);
            void queries.invalidateQueries({ queryKey: ["cache"] });
          }}
        />
      </Dialog>
    </p>
  );
}
