import { Link } from "@tanstack/react-router";
import type { Agent } from "@tutti/rest/types";
import { useDeferredValue, useMemo, useState } from "react";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { TextField } from "../../elements/fields.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Failure, PageHead, Waiting } from "../../elements/parts.tsx";
import { StateChoices } from "../../elements/state-choices.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { agentHolds, agentStates, standOf } from "../../score/states.ts";
import { AgentsStore } from "./agents-store.ts";
import { TurnedAway } from "./grants.tsx";
import { inOrder, wholeOf } from "./load.ts";
import { countsOf, isWanted, type Wanted } from "./wanted.ts";
import { Worker } from "./worker.tsx";
import { WorkerDetail } from "./worker-detail.tsx";
import "./workers.css";

/** All workers: state and current tasks. */
export function WorkersPage() {
  const { agents, isWhole, problem } = useAgents();
  const [open, setOpen] = useState<Agent | undefined>();
  const [wanted, setWanted] = useState<Wanted>({ text: "", state: "" });
  const shownFor = useDeferredValue(wanted);
  const shown = useMemo(
    () => inOrder(agents.filter((agent) => isWanted(agent, shownFor))),
    [agents, shownFor],
  );
  const { workers, taken, slots } = useMemo(() => wholeOf(agents), [agents]);
  const hasNoAgents = isWhole && agents.length === 0;
  return (
    <>
      <PageHead
        title="Workers"
        below={
          isWhole ? (
            `${counted(workers, "worker")}, ${taken} of ${counted(slots, "slot")} in use`
          ) : (
            <>&nbsp;</>
          )
        }
        actions={
          <Link to="/capabilities" className="press">
            Capabilities
          </Link>
        }
      />
      {problem !== undefined ? (
        <Failure title="Workers cannot be shown" message={problem.message} code={problem.code} />
      ) : null}
      {hasNoAgents ? (
        <Empty title="No workers yet.">
          <p>Tasks wait for a worker. Connect one with TypeScript, Python or curl.</p>
        </Empty>
      ) : (
        <Look agents={agents} wanted={wanted} onWanted={setWanted} />
      )}
      {!isWhole && problem === undefined ? <Waiting what="workers" lines={8} /> : null}
      {isWhole && !hasNoAgents && shown.length === 0 ? <Empty title="No workers match." /> : null}
      {isWhole && shown.length > 0 ? <WorkerGrid agents={shown} onOpen={setOpen} /> : null}
      <TurnedAway />
      <WorkerDetail agent={open} onClose={() => setOpen(undefined)} />
    </>
  );
}

function useAgents() {
  return useLive(
    "agents",
    (later) => new AgentsStore(later),
    (signal) => client.follow("agents.watch", { query: { withFigures: true } }, { signal }),
  );
}

/** The filter: a search text, and states with their counts. */
function Look(options: { agents: readonly Agent[]; wanted: Wanted; onWanted: (wanted: Wanted) => void }) {
  const { agents, wanted, onWanted } = options;
  return (
    <div className="workers-look">
      <TextField
        label="Search"
        type="search"
        value={wanted.text}
        placeholder="id, pool, capability or label"
        onChange={(text) => onWanted({ ...wanted, text })}
      />
      <StateChoices
        label="State"
        counts={countsOf(agents)}
        standOf={(state) => agentHolds[state] ?? standOf(agentStates, state)}
        chosen={wanted.state}
        onChoose={(state) => onWanted({ ...wanted, state })}
      />
    </div>
  );
}

const cardPx = 296;
const gapPx = 16;
const rowPx = 218;

function WorkerGrid({ agents, onOpen }: { agents: readonly Agent[]; onOpen: (agent: Agent) => void }) {
  return (
    <VirtualCards
      items={agents}
      keyOf={({ pool, agentId }) => `${pool} ${agentId}`}
      label="Workers"
      cardPx={cardPx}
      rowPx={rowPx}
      gapPx={gapPx}
    >
      {(agent) => <Worker agent={agent} onOpen={onOpen} />}
    </VirtualCards>
  );
}
