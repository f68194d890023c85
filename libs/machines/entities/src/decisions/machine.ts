/**
 * The recent decisions of a namespace: policy changes are tested against them, and explanations of decisions read
 * them. Each process reports in batches, with equal decisions as one. A bounded number of different ones is kept.
 */
import {
  type Decision,
  DecisionsSnapshotV1,
  DecisionsTaken,
  DecisionsTakenV1,
  TakeDecisions,
} from "@tutti/contracts/governance/v1";
import type { Command, MachineEvent, Query, ReadOnly } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";
import { bounded, DecisionLog } from "./decision-log.ts";

export const decisionsKind = "decisions";

const decisionsTaken: MachineEvent<DecisionLog, never, DecisionsTakenV1> = {
  type: "decisions_taken",
  version: 1,
  codec: DecisionsTakenV1,
  evolve(log, { decisions, leftOut }) {
    for (const decision of decisions) log.add(decision);
    log.leftOut += leftOut;
  },
};

export const takeDecisions: Command<DecisionLog, TakeDecisions, DecisionsTaken, never> = {
  type: "take_decisions",
  codec: TakeDecisions,
  reply: DecisionsTaken,
  decide(log, { decisions, leftOut }, step) {
    if (decisions.length === 0 && leftOut <= 0) return { kept: log.size };
    step.emit(decisionsTaken, { decisions: decisions.map(bounded), leftOut: Math.max(0, leftOut) });
    return { kept: log.size };
  },
};

export interface Recorded {
  /** Decisions, the least recent first. */
  readonly decisions: readonly ReadOnly<Decision>[];
  readonly leftOut: number;
}

export const recorded: Query<DecisionLog, void, Recorded> = {
  type: "recorded",
  answer: (log) => ({ decisions: [...log.decisions()], leftOut: log.leftOut }),
};

export const decisions = entity({
  kind: decisionsKind,
  create: () => new DecisionLog(),
  commands: [takeDecisions],
  events: [decisionsTaken],
  queries: [recorded],
  snapshot: {
    codec: DecisionsSnapshotV1,
    of: (log: DecisionLog) => ({ decisions: [...log.decisions()], leftOut: log.leftOut }),
    from({ decisions: stored, leftOut }) {
      const log = new DecisionLog();
      for (const decision of stored) log.add(decision);
      log.leftOut = leftOut;
      return log;
    },
  },
});
