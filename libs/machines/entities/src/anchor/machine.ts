/**
 * The last checkpoint of the audit, in the journal. A book that ends before the checkpoint was cut, and a book without
 * the checkpoint was exchanged.
 *
 * 1. The number of the anchored checkpoint only grows.
 * 2. A separate event records that a book is given up.
 */
import { Checkpoint } from "@tutti/contracts/governance/v1";
import type { Command, MachineEvent, Query, ReadOnly } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";
import { anchorErrors } from "./errors.ts";

export const anchorKind = "anchor";

interface Anchor {
  /** Last checkpoint, without heads. Number 0: none. */
  checkpoint: Checkpoint;
}

const emptyCheckpoint = (): Checkpoint => Checkpoint.create();

export const checkpointAnchored: MachineEvent<Anchor, never, Checkpoint> = {
  type: "checkpoint_anchored",
  version: 1,
  codec: Checkpoint,
  evolve(state, checkpoint) {
    state.checkpoint = checkpoint;
  },
};

/** Carries the last checkpoint of the book that is given up. */
export const bookGivenUp: MachineEvent<Anchor, never, Checkpoint> = {
  type: "book_given_up",
  version: 1,
  codec: Checkpoint,
  evolve(state) {
    state.checkpoint = emptyCheckpoint();
  },
};

export const anchorCheckpoint: Command<Anchor, Checkpoint, Checkpoint, never> = {
  type: "anchor_checkpoint",
  codec: Checkpoint,
  reply: Checkpoint,
  decide({ checkpoint: known }, checkpoint, step) {
    if (checkpoint.number < known.number || !isConsistent(known, checkpoint))
      return anchorErrors.checkpointOther.refusal({ number: known.number, found: checkpoint.number });
    if (checkpoint.number > known.number) step.emit(checkpointAnchored, { ...checkpoint, heads: [] });
    return checkpoint;
  },
};

function isConsistent(known: ReadOnly<Checkpoint>, { number, rootHash }: Checkpoint): boolean {
  return number !== known.number || Buffer.compare(known.rootHash, rootHash) === 0;
}

/** Names the number of the last checkpoint of the book. */
export const giveUpBook: Command<Anchor, Checkpoint, Checkpoint, never> = {
  type: "give_up_book",
  codec: Checkpoint,
  reply: Checkpoint,
  decide({ checkpoint }, { number }, step) {
    if (number !== checkpoint.number || number === 0)
      return anchorErrors.checkpointOther.refusal({ number: checkpoint.number, found: number });
    // The view belongs to this state, so the event needs a copy.
    const last = Checkpoint.decode(Checkpoint.encode(checkpoint as Checkpoint).finish());
    step.emit(bookGivenUp, last);
    return last;
  },
};

export const anchored: Query<Anchor, void, Checkpoint> = {
  type: "anchored",
  answer: ({ checkpoint }) => checkpoint as Checkpoint,
};

export const anchor = entity({
  kind: anchorKind,
  create: (): Anchor => ({ checkpoint: emptyCheckpoint() }),
  commands: [anchorCheckpoint, giveUpBook],
  events: [checkpointAnchored, bookGivenUp],
  queries: [anchored],
  snapshot: {
    codec: Checkpoint,
    of: ({ checkpoint }: Anchor) => checkpoint,
    from: (checkpoint: Checkpoint) => ({ checkpoint }),
  },
  idChosen: false,
});
