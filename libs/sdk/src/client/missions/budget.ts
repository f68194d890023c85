/** The amounts that a mission may use. It is an escrow: only reserved amounts can be spent. */
import type { Budget, BudgetReservation } from "@tutti/contracts/swarm/v1";
import type { Amounts } from "@tutti/contracts/types/v1";
import { sdkErrors } from "../../errors.ts";
import { number, type OptionNames, requireKnown, text } from "../../options.ts";
import { type IdempotencyOptions, idempotencyNames } from "../work/paging.ts";
import { type AmountsOptions, amountNames, amountsOf } from "../work/task.ts";
import type { BoardPlace, MissionParts } from "./parts.ts";

export interface ReserveOptions extends IdempotencyOptions {
  /** Task of the reservation. Default: none. */
  readonly taskId?: string;
  /** Time after which it expires. Default: the end of the task, or of the mission. */
  readonly leaseMs?: number;
}

const reserveNames: OptionNames<ReserveOptions> = { ...idempotencyNames, taskId: text, leaseMs: number(0) };

export class MissionBudget {
  readonly #board: MissionParts["board"];
  readonly #place: BoardPlace;

  constructor({ board }: Pick<MissionParts, "board">, place: BoardPlace) {
    this.#board = board;
    this.#place = place;
  }

  /** Returns the current budget. */
  async get(): Promise<Budget> {
    const { namespace, missionId } = this.#place;
    const { budget } = await this.#board.getBudget({ namespace, missionId });
    if (budget === undefined) throw missing(missionId);
    return budget;
  }

  /** Reserves a part. Rejects if less is left. */
  async reserve(amounts: AmountsOptions, options: ReserveOptions = {}): Promise<Reservation> {
    requireKnown("budget.reserve.amounts", amounts, amountNames);
    requireKnown("budget.reserve", options, reserveNames);
    const { taskId = "", leaseMs = 0, idempotencyKey = "" } = options;
    const { reservation } = await this.#board.reserveBudget({
      ...this.#place,
      taskId,
      amounts: amountsOf(amounts),
      leaseMs,
      idempotencyKey,
    });
    if (reservation === undefined) throw missing(this.#place.missionId);
    return new Reservation(this.#board, this.#place, reservation);
  }
}

/** A reserved part of a budget. */
export class Reservation {
  readonly id: string;
  readonly amounts: Amounts | undefined;
  readonly #board: MissionParts["board"];
  readonly #place: BoardPlace;

  constructor(
    board: MissionParts["board"],
    place: BoardPlace,
    { reservationId, amounts }: BudgetReservation,
  ) {
    this.#board = board;
    this.#place = place;
    this.id = reservationId;
    this.amounts = amounts;
  }

  /** Records used amounts. Rejects if less is reserved. */
  async spend(amounts: AmountsOptions, options: IdempotencyOptions = {}): Promise<void> {
    requireKnown("budget.spend.amounts", amounts, amountNames);
    requireKnown("budget.spend", options, idempotencyNames);
    const { idempotencyKey = "" } = options;
    await this.#board.spendBudget({
      ...this.#place,
      reservationId: this.id,
      amounts: amountsOf(amounts),
      idempotencyKey,
    });
  }

  /** Returns the unused part, and its amount. */
  async release(): Promise<Amounts> {
    const { returned } = await this.#board.returnBudget({ ...this.#place, reservationId: this.id });
    return returned ?? { tokens: 0, money: 0, timeMs: 0 };
  }
}

function missing(missionId: string) {
  return sdkErrors.replyIncomplete({ about: `the budget of mission ${missionId}` });
}
