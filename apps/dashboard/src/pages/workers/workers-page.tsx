import { Link } from "@tanstack/react-router";
import type { Agent } from "@tutti/rest/types";
import { useDeferredValue, useMemo, useState } from "react";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { TextField } from "../../elements/fields.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Failure, Loading, PageHead } from "../../elements/parts.tsx";
import { StateChoices } from "../../elements/state-choices.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { agentHolds, agentStates, badgeOf } from "../../score/states.ts";
import { type AgentFilter, countsOf, isMatchingAgent } from "./agent-filter.ts";
import { AgentsStore } from "./agents-store.ts";
import { RejectedAgents } from "./grants.tsx";
import { inOrder, totalsOf } from "./load.ts";
import { Worker } from "./worker.tsx";
import { WorkerDetail } from "./worker-detail.tsx";
import "./workers.css";

/** All workers: state and current tasks. */
export function WorkersPage() {
  const { agents, isComplete, problem } = useAgents();
  const [open, setOpen] = useState<Agent | undefined>();
  const [filter, setFilter] = useState<AgentFilter>({ text: "", state: "" });
  const deferredFilter = useDeferredValue(filter);
  const visible = useMemo(
    () => inOrder(agents.filter((agent) => isMatchingAgent(agent, deferredFilter))),
    [agents, deferredFilter],
  );
  const { workers, usedSlots, slots } = useMemo(() => totalsOf(agents), [agents]);
  const hasNoAgents = isComplete && agents.length === 0;
  return (
    <>
      <PageHead
        title="Workers"
        below={
          isComplete ? (
            `${counted(workers, "worker")}, ${usedSlots} of ${counted(slots, "slot")} in use`
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
        <FilterBar agents={agents} filter={filter} onFilter={setFilter} />
      )}
      {!isComplete && problem === undefined ? <Loading label="workers" lines={8} /> : null}
      {isComplete && !hasNoAgents && visible.length === 0 ? <Empty title="No workers match." /> : null}
      {isComplete && visible.length > 0 ? <WorkerGrid agents={visible} onOpen={setOpen} /> : null}
      <RejectedAgents />
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
function FilterBar(options: {
  agents: readonly Agent[];
  filter: AgentFilter;
  onFilter: (filter: AgentFilter) => void;
}) {
  const { agents, filter: wanted, onFilter } = options;
  return (
    <div className="workers-look">
      <TextField
        label="Search"
        type="search"
        value={wanted.text}
        placeholder="id, pool, capability or label"
        onChange={(text) => onFilter({ ...wanted, text })}
      />
      <StateChoices
        label="State"
        counts={countsOf(agents)}
        badgeOf={(state) => agentHolds[state] ?? badgeOf(agentStates, state)}
        chosen={wanted.state}
        onChoose={(state) => onFilter({ ...wanted, state })}
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
