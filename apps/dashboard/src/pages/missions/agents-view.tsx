import type { Mission, Participant } from "@tutti/rest/types";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, Tag } from "../../elements/parts.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { usedWords } from "./mission.ts";

const rowPx = 62;

/** Who takes part: the part they play, what they have and have done. */
export function AgentsView({ mission: { participants, leader } }: { mission: Mission }) {
  if (participants.length === 0)
    return <Empty title="No agents yet.">Agents join on their own or with their first task.</Empty>;
  return (
    <VirtualCards
      items={participants}
      keyOf={({ pool, agentId }) => `${pool} ${agentId}`}
      label="Agents"
      rowPx={rowPx}
      className="lines-of"
    >
      {(agent) => <Line agent={agent} leads={agent.agentId === leader} />}
    </VirtualCards>
  );
}

function Line({ agent, leads }: { agent: Participant; leads: boolean }) {
  const { agentId = "", pool, role = "", tasks = 0, done = 0, used, heardTimeMs } = agent;
  return (
    <div className="mission-agent">
      <span className="mission-agent-name">
        <strong>{agentId}</strong> {leads ? <Tag tone="held">leads</Tag> : null}{" "}
        {role === "" ? null : <Tag>{role}</Tag>}
      </span>
      <span className="small soft">{pool === "" ? "" : `pool ${pool}`}</span>
      <span className="small">
        {count(tasks)} running, {count(done)} completed
      </span>
      <span className="small soft">{usedWords(used)}</span>
      <span className="small soft">
        heard <Moment atMs={heardTimeMs} />
      </span>
    </div>
  );
}
