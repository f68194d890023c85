import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { adapterCheck, adaptersIn, type OfferedAdapter, offering } from "@tutti/rest/adapters";
import type { CapabilityEntry, Routes, Run } from "@tutti/rest/types";
import { useState } from "react";
import { readAllPages } from "../../data/queries.ts";
import { send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import "../../elements/finding.css";
import { count, counted } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import { failureText } from "../runs/outcome.ts";
import { VariantsPart } from "./variants.tsx";

const size = 1_000;
const capabilitiesPath = pathOf(["capabilities"], { size });

/** Polls, because changes of workers cause no events for this list. */
const capabilitiesQuery = () =>
  queryOptions({
    queryKey: ["capabilities"],
    queryFn: ({ signal }) =>
      readAllPages<Routes["capabilities.list"]["reply"]>(capabilitiesPath, "capabilities", signal),
    refetchInterval: 10_000,
  });

/** The offers of workers: adapters to other systems with their connections, and all capabilities by name. */
export function CapabilitiesPage() {
  const query = useQuery(capabilitiesQuery());
  const capabilities = query.data?.capabilities ?? [];
  return (
    <>
      <PageHead
        title="Capabilities"
        below={
          query.data === undefined ? <>&nbsp;</> : counted(capabilities.length, "capability", "capabilities")
        }
      />
      <Part
        title="Adapters"
        aside={
          <span className="action lone">
            <Spelled
              label="Adapters"
              call={{ method: "GET", path: capabilitiesPath }}
              command="tutti adapter list"
            />
          </span>
        }
      >
        <QueryView query={query} label="adapters" lines={3}>
          {() => <Adapters adapters={adaptersIn(capabilities)} />}
        </QueryView>
      </Part>
      <VariantsPart />
      <Part title="All capabilities">
        <QueryView query={query} label="capabilities" lines={6}>
          {() =>
            capabilities.length === 0 ? (
              <Empty title="No capabilities yet.">Start a worker: its handlers are listed here.</Empty>
            ) : (
              <List capabilities={capabilities} />
            )
          }
        </QueryView>
      </Part>
    </>
  );
}

function Adapters({ adapters }: { adapters: readonly OfferedAdapter[] }) {
  if (adapters.length === 0)
    return (
      <Empty title="No adapters yet.">
        <p className="soft">
          Write a worker with an adapter: <code>tutti adapter add http shop</code>
        </p>
      </Empty>
    );
  return (
    <ol className="findings">
      {adapters.map((adapter) => (
        <li key={adapter.name}>
          <AdapterItem adapter={adapter} />
        </li>
      ))}
    </ol>
  );
}

function AdapterItem({ adapter: { name, version, workers, operations } }: { adapter: OfferedAdapter }) {
  const [checked, setChecked] = useState<Run>();
  const { name: workflow, text } = adapterCheck(name);
  const start = {
    method: "POST",
    path: pathOf(["runs"], { waitMs: 30_000 }),
    body: { definition: { name: workflow } },
  } as const;
  return (
    <article>
      <h3>
        <code>{name}</code> <Tag>{version}</Tag>
      </h3>
      <p className="small soft">
        {counted(operations.length, "operation")} · {counted(workers, "worker")}
      </p>
      <dl className="facts">
        {operations.map((operation) => (
          <div key={operation.name}>
            <dt>
              <code>{operation.name}</code>
            </dt>
            <dd>{operation.description || "–"}</dd>
          </div>
        ))}
      </dl>
      <p>
        <Action
          label={`Check ${name}`}
          call={start}
          command={commandLine("tutti", "adapter", "check", name)}
          perform={async () => {
            setChecked(undefined);
            const source = { fileName: `${workflow}.yaml`, format: "yaml", text };
            await send({ method: "POST", path: pathOf(["workflows"]), body: source });
            return await send(start);
          }}
          onDone={(reply) => setChecked((reply as Routes["runs.start"]["reply"]).run)}
        >
          Check the connection
        </Action>{" "}
        {checked === undefined ? null : <Outcome run={checked} />}
      </p>
    </article>
  );
}

function Outcome({ run }: { run: Run }) {
  const { runId, status } = run;
  return (
    <span role="status">
      <BadgeMark badge={badgeOf(runStates, status)} /> {failureText(run)}{" "}
      <Link to="/runs/$runId" params={{ runId }}>
        Open the run
      </Link>
    </span>
  );
}

function List({ capabilities }: { capabilities: readonly CapabilityEntry[] }) {
  return (
    <div className="scroll-x">
      <table className="lines">
        <thead>
          <tr>
            <th scope="col">Capability</th>
            <th scope="col">Version</th>
            <th scope="col">Offered by</th>
            <th scope="col">Description</th>
          </tr>
        </thead>
        <tbody>
          {capabilities.flatMap(({ name, versions }) =>
            versions.map((version) => (
              <tr key={`${name} ${version.capability?.version ?? ""}`}>
                <td>
                  <code>{name}</code>
                </td>
                <td>{version.capability?.version ?? "–"}</td>
                <td>{count(offering(version))}</td>
                <td>{version.capability?.description ?? "–"}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}
