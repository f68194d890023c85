import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Incident } from "@tutti/rest/types";
import { useState } from "react";
import { agentsNamedQuery } from "../../data/incident-queries.ts";
import { pageError, send } from "../../data/send.ts";
import { currentNamespace } from "../../effects/namespace.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Spans } from "../../elements/markdown.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { notify } from "../../shell/notice-board.ts";
import { Moves, Preview } from "../runs/bulk.tsx";
import { toLatest } from "../runs/filter.ts";
import "../runs/runs.css";
import { Workbench } from "../workers/worker-detail.tsx";
import "../workers/workers.css";
import { namespaceOfWork, type Repair, repairsOf } from "./incident.ts";
import { changeCall, useIncidentRefresh } from "./incident-actions.tsx";

interface Options {
  readonly incident: Incident;
  readonly namespace: string;
}

/** What to do: the advice of the rules, and repairs. Each shows what it touches before it starts. */
export function Repairs({ incident, namespace }: Options) {
  const { advice } = incident;
  const repairs = repairsOf(incident);
  if (advice.length === 0 && repairs.length === 0) return null;
  const workNamespace = namespaceOfWork(incident);
  return (
    <Part title="What to do">
      {advice.length === 0 ? null : (
        <ul className="incident-advice">
          {advice.map((line) => (
            <li key={line}>
              <Spans text={line} />
            </li>
          ))}
        </ul>
      )}
      {repairs.length === 0 ? null : workNamespace === currentNamespace() ? (
        <Offered incident={incident} namespace={namespace} repairs={repairs} />
      ) : (
        <p>
          The failed work is in namespace {workNamespace}.{" "}
          <a
            href={`/incidents/${encodeURIComponent(incident.incidentId)}?${new URLSearchParams({ namespace: workNamespace, of: namespace })}`}
          >
            Open namespace {workNamespace} to repair it
          </a>
        </p>
      )}
    </Part>
  );
}

const labelOf = (repair: Repair): string => {
  if (repair.kind === "retry")
    return repair.filter === undefined
      ? `Retry ${counted(repair.runIds.length, "failed run")} …`
      : "Retry failed runs …";
  return repair.kind === "worker" ? `Pause worker ${repair.agentId} …` : `Move runs of ${repair.workflow} …`;
};

function Offered({ incident, namespace, repairs }: Options & { repairs: readonly Repair[] }) {
  const [chosen, setChosen] = useState<Repair>();
  const close = () => setChosen(undefined);
  return (
    <>
      <ul className="incident-repairs">
        {repairs.map((repair) => (
          <li key={labelOf(repair)}>
            <button type="button" className="press" onClick={() => setChosen(repair)}>
              <span className="clipped">{labelOf(repair)}</span>
            </button>
            <span className="small soft">{hints[repair.kind]}</span>
          </li>
        ))}
      </ul>
      <Dialog
        title={chosen === undefined ? "" : labelOf(chosen).replace(/ …$/, "")}
        open={chosen !== undefined}
        onClose={close}
        wide
      >
        {chosen === undefined ? null : (
          <Review {...{ incident, namespace, repair: chosen }} onClose={close} />
        )}
      </Dialog>
    </>
  );
}

const hints = {
  retry: "Completed tasks keep their results.",
  worker: "A paused worker gets no tasks. Resume it at any time.",
  version: "Running runs continue on another version.",
} as const;

function Review({ incident, namespace, repair, onClose }: Options & { repair: Repair; onClose: () => void }) {
  const note = useNote(incident, namespace);
  const shared = { askedMs: 0, onClose, reason: `incident ${incident.incidentId}` };
  switch (repair.kind) {
    case "retry":
      return (
        <Preview
          {...shared}
          verb="retry"
          moving={toLatest}
          marked={new Set(repair.runIds)}
          filter={repair.filter}
          search={{}}
          onDone={(done) => note(`Retried ${counted(done, "failed run")}.`)}
        />
      );
    case "version":
      return (
        <>
          <p className="incident-versions">
            <Link to="/workflows/$name" params={{ name: repair.workflow }}>
              Versions of {repair.workflow}
            </Link>
          </p>
          <Moves
            {...shared}
            verb="move"
            marked={new Set()}
            search={{ workflow: repair.workflow, status: ["pending", "running", "paused"] }}
            onDone={(done) => note(`Moved ${counted(done, "run")} of ${repair.workflow} to another version.`)}
          />
        </>
      );
    case "worker":
      return <Worker agentId={repair.agentId} onDone={(said) => note(`${said} ${repair.agentId}.`)} />;
  }
}

/** Returns what notes a repair in the timeline. */
function useNote({ incidentId }: Incident, namespace: string): (text: string) => void {
  const refresh = useIncidentRefresh();
  return (text) => {
    send(changeCall(incidentId, namespace, { note: text })).then(refresh, (error: unknown) => {
      notify({ tone: "wrong", text: `Note not added to the incident: ${pageError(error).message}` });
    });
  };
}

function Worker({ agentId, onDone }: { agentId: string; onDone: (said: string) => void }) {
  const query = useQuery(agentsNamedQuery(agentId));
  return (
    <Shown query={query} what="the worker" lines={6}>
      {({ agents }) => {
        const found = agents.find((agent) => agent.agentId === agentId);
        return found === undefined ? (
          <Empty title={`Worker ${agentId} is not connected.`} />
        ) : (
          <Workbench named={found} onSteered={onDone} />
        );
      }}
    </Shown>
  );
}
