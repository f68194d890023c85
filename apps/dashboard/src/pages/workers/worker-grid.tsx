import type { Agent } from "@tutti/rest/types";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { Worker } from "./worker.tsx";

const cardPx = 296;
const gapPx = 16;
const rowPx = 218;

export function WorkerGrid({ agents, onOpen }: { agents: readonly Agent[]; onOpen: (agent: Agent) => void }) {
  return (
    <VirtualCards
      items={agents}
      keyOf={({ pool, agentId }) => `${pool} ${agentId}`}
      label="Workers"
      {...{ cardPx, rowPx, gapPx }}
    >
      {(agent) => <Worker agent={agent} onOpen={onOpen} />}
    </VirtualCards>
  );
}
