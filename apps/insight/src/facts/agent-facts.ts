/**
 * Rows of agents and of their states, from lists of the connected agents.
 *
 * 1. An agent that disconnects gracefully is missing from every later list. It is `gone` from the first round without it,
 *    and recorded in the second, because one list may be incomplete while a pool changes its owner.
 * 2. A round is remembered only after its rows are recorded.
 * 3. An agent that disconnected while insight was away is `gone` too: the start loads the recorded agents.
 */
import type { Agent } from "@tutti/contracts/swarm/v1";
import { agentKey, agentRow, agentStateRow, stateName } from "./rows.ts";
import { type FactRow, timeText } from "./tables.ts";

interface Known {
  readonly row: FactRow;
  readonly state: string;
  /** Time of the first round without the agent. */
  readonly absentMs: number | undefined;
}

export interface AgentRound {
  readonly rows: { readonly agent: readonly FactRow[]; readonly agent_state: readonly FactRow[] };
  /** Remembers the round. */
  readonly remember: () => void;
}

const disconnectReason = "it disconnected";
const goneState = "gone";
/** Columns of the table of agents. */
const [stateAt, reasonAt] = [3, 4];

export class AgentFacts {
  readonly #known = new Map<string, Known>();

  /** @param rows of the table of agents, without those that are gone */
  recall(rows: readonly FactRow[]): void {
    for (const row of rows) {
      const [namespace, pool, agentId] = row;
      const key = agentKey({ namespace: String(namespace), pool: String(pool), agentId: String(agentId) });
      this.#known.set(key, { row, state: String(row[stateAt]), absentMs: undefined });
    }
  }

  /** @param isComplete whether the list has every agent of the namespace */
  round(namespace: string, agents: readonly Agent[], isComplete: boolean, nowMs: number): AgentRound {
    const states = new Map([...this.#known].map(([key, { state }]) => [key, state]));
    const present = new Map<string, Known>();
    const changed: FactRow[] = [];
    for (const each of agents) {
      const row = agentStateRow(each, states);
      if (row !== undefined) changed.push(row);
      present.set(agentKey(each), { row: agentRow(each), state: stateName(each.state), absentMs: undefined });
    }
    const rows = [...present.values()].map(({ row }) => row);
    const absent = new Map<string, Known>();
    for (const [key, known] of this.#known) {
      if (!isComplete || !key.startsWith(`${namespace}/`) || present.has(key)) continue;
      const { row, state, absentMs } = known;
      if (absentMs === undefined) absent.set(key, { ...known, absentMs: nowMs });
      else if (state !== goneState) {
        const [, pool = null, agentId = null] = row;
        changed.push([namespace, pool, agentId, goneState, disconnectReason, timeText(absentMs)]);
        rows.push(row.with(stateAt, goneState).with(reasonAt, disconnectReason));
      }
    }
    const remember = () => {
      if (isComplete)
        for (const key of this.#known.keys()) if (key.startsWith(`${namespace}/`)) this.#known.delete(key);
      for (const [key, known] of [...present, ...absent]) this.#known.set(key, known);
    };
    return { rows: { agent: rows, agent_state: changed }, remember };
  }
}
