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
import { Book, bounded } from "./book.ts";

export const decisionsKind = "decisions";

const decisionsTaken: MachineEvent<Book, never, DecisionsTakenV1> = {
  type: "decisions_taken",
  version: 1,
  codec: DecisionsTakenV1,
  evolve(book, { decisions, leftOut }) {
    for (const decision of decisions) book.take(decision);
    book.leftOut += leftOut;
  },
};

export const takeDecisions: Command<Book, TakeDecisions, DecisionsTaken, never> = {
  type: "take_decisions",
  codec: TakeDecisions,
  reply: DecisionsTaken,
  decide(book, { decisions, leftOut }, step) {
    if (decisions.length === 0 && leftOut <= 0) return { kept: book.size };
    step.emit(decisionsTaken, { decisions: decisions.map(bounded), leftOut: Math.max(0, leftOut) });
    return { kept: book.size };
  },
};

export interface Recorded {
  /** Decisions, the least recent first. */
  readonly decisions: readonly ReadOnly<Decision>[];
  readonly leftOut: number;
}

export const recorded: Query<Book, void, Recorded> = {
  type: "recorded",
  answer: (book) => ({ decisions: [...book.decisions()], leftOut: book.leftOut }),
};

export const decisions = entity({
  kind: decisionsKind,
  create: () => new Book(),
  commands: [takeDecisions],
  events: [decisionsTaken],
  queries: [recorded],
  snapshot: {
    codec: DecisionsSnapshotV1,
    of: (book: Book) => ({ decisions: [...book.decisions()], leftOut: book.leftOut }),
    from({ decisions: kept, leftOut }) {
      const book = new Book();
      for (const decision of kept) book.take(decision);
      book.leftOut = leftOut;
      return book;
    },
  },
});
