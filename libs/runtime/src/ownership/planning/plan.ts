/**
 * The wanted owner of each partition: a pure function of the state of a cluster, so every process computes the same
 * moves from the same picture.
 *
 * 1. A partition without a living owner gets one at once. So do those of a process that leaves.
 * 2. Busy partitions move by load, from the busiest process to the least busy one. The two must be further apart than
 *    the gap, and the busier of them must end up better by the benefit. Load that one partition alone causes does not move:
 *    the other process would then be as busy as this one was.
 * 3. Idle partitions move by number, and never to a process that is busier than the one they come from.
 * 4. The number of moves that merely balance is limited per round. A moving partition counts at its receiver.
 *
 * It converges: a move for load makes the sum of squared loads smaller, one by number keeps that sum and makes the sum
 * of squared numbers smaller.
 */
export interface PlanView {
  readonly holders: readonly PlanHolder[];
  readonly partitions: readonly PlanPartition[];
}

export interface PlanHolder {
  readonly id: string;
  /** It hands over its partitions and accepts none. */
  readonly leaving: boolean;
  /** Load of its other work, as a share of a core. */
  readonly otherLoad: number;
}

export interface PlanPartition {
  readonly partition: number;
  /** Id of the holder. Undefined if the owner is not in `holders`. */
  readonly owner: string | undefined;
  /** Id of the holder that receives it. */
  readonly to: string | undefined;
  /** As a share of a core. */
  readonly load: number;
  /** It was moved for its load recently, and stays for a while. */
  readonly resting: boolean;
}

export interface PlanLimits {
  readonly gapMin: number;
  readonly benefitMin: number;
  readonly idleMax: number;
  readonly movesMax: number;
}

export type MoveReason = "orphaned" | "leaving" | "load" | "number";

export interface Move {
  readonly partition: number;
  /** The process that hands it over. Undefined if none is left. */
  readonly from: string | undefined;
  readonly to: string;
  readonly reason: MoveReason;
}

export function plan(view: PlanView, limits: PlanLimits): readonly Move[] {
  const board = new Board(view, limits);
  if (board.stayingHolders.length === 0) return [];
  const moves: Move[] = [];
  for (const piece of board.unassigned()) moves.push(board.move(piece, board.lightest()));
  for (let count = 0; count < limits.movesMax; count++) {
    const move = moveForLoad(board, limits) ?? moveByNumber(board, limits);
    if (move === undefined) break;
    moves.push(move);
  }
  return moves;
}

function moveForLoad(board: Board, { gapMin, benefitMin }: PlanLimits): Move | undefined {
  const target = board.lightest();
  for (const source of board.heaviestFirst()) {
    const gap = source.load - target.load;
    if (gap <= gapMin) return undefined;
    let best: { readonly piece: Piece; readonly highest: number } | undefined;
    for (const piece of source.pieces) {
      if (!piece.movable || piece.weight === 0) continue;
      const highest = Math.max(source.load - piece.weight, target.load + piece.weight);
      if (source.load - highest < benefitMin) continue;
      if (best === undefined || highest < best.highest) best = { piece, highest };
    }
    if (best !== undefined) return board.move(best.piece, target);
  }
  return undefined;
}

function moveByNumber(board: Board, { gapMin }: PlanLimits): Move | undefined {
  const byNumber = [...board.stayingHolders].sort((one, other) => other.pieces.length - one.pieces.length);
  for (const source of byNumber) {
    const piece = source.pieces.find(({ movable, weight }) => movable && weight === 0);
    if (piece === undefined) continue;
    const targets = byNumber
      .filter((target) => source.pieces.length - target.pieces.length >= 2)
      .filter((target) => target.load - source.load <= gapMin);
    const target = targets.at(-1);
    if (target !== undefined) return board.move(piece, target);
  }
  return undefined;
}

/** A partition at its owner, or at its receiver. */
interface Piece {
  readonly partition: number;
  /** 0 when idle. */
  readonly weight: number;
  readonly owner: string | undefined;
  readonly movable: boolean;
}

/** A process that stays, with its partitions. */
interface StayingHolder {
  readonly id: string;
  load: number;
  /** Sorted by number until a move. */
  pieces: Piece[];
}

class Board {
  /** Sorted by id. */
  readonly stayingHolders: readonly StayingHolder[];
  readonly #unassigned: Piece[] = [];
  readonly #leaving = new Set<string>();

  constructor({ holders, partitions }: PlanView, { idleMax }: PlanLimits) {
    for (const { id, leaving } of holders) if (leaving) this.#leaving.add(id);
    this.stayingHolders = holders
      .filter(({ leaving }) => !leaving)
      .map(({ id, otherLoad }) => ({ id, load: otherLoad, pieces: [] }))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    const byId = new Map(this.stayingHolders.map((stayer) => [stayer.id, stayer]));
    for (const { partition, owner, to, load, resting } of [...partitions].sort(
      (one, other) => one.partition - other.partition,
    )) {
      // Only a living owner hands over.
      const going = owner === undefined || to === undefined ? undefined : byId.get(to);
      const at = going ?? byId.get(owner ?? "");
      const piece: Piece = {
        partition,
        weight: load < idleMax ? 0 : load,
        owner,
        movable: going === undefined && !resting,
      };
      if (at === undefined) this.#unassigned.push(piece);
      else {
        at.pieces.push(piece);
        at.load += piece.weight;
      }
    }
  }

  /** Partitions without a staying owner: heaviest first, so that the light ones even out. */
  unassigned(): readonly Piece[] {
    return [...this.#unassigned].sort(
      (one, other) => other.weight - one.weight || one.partition - other.partition,
    );
  }

  lightest(): StayingHolder {
    const [first, ...others] = this.stayingHolders;
    if (first === undefined) throw new Error("no process stays");
    return others.reduce((least, stayer) => (isLighter(stayer, least) ? stayer : least), first);
  }

  heaviestFirst(): readonly StayingHolder[] {
    return [...this.stayingHolders].sort((one, other) => other.load - one.load);
  }

  move(piece: Piece, target: StayingHolder): Move {
    const source = this.stayingHolders.find(({ pieces }) => pieces.includes(piece));
    if (source !== undefined) {
      source.pieces = source.pieces.filter((other) => other !== piece);
      source.load -= piece.weight;
    }
    target.pieces.push({ ...piece, movable: false });
    target.load += piece.weight;
    const { partition, owner } = piece;
    return { partition, from: owner, to: target.id, reason: this.#reasonOf(piece, source) };
  }

  #reasonOf({ owner, weight }: Piece, source: StayingHolder | undefined): MoveReason {
    if (source !== undefined) return weight === 0 ? "number" : "load";
    return owner !== undefined && this.#leaving.has(owner) ? "leaving" : "orphaned";
  }
}

function isLighter(one: StayingHolder, other: StayingHolder): boolean {
  if (one.load !== other.load) return one.load < other.load;
  return one.pieces.length < other.pieces.length;
}
