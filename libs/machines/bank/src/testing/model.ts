/**
 * A plain model of a bank, for comparison with the real one: slow, and without cached sums. Each account is a page of
 * entries, and everything else is computed from them each time.
 *
 * It receives every step of an account, in the account's order: commands, messages, timers, results. For each step it
 * returns the expected outcome. Results that are no longer awaited never reach an account, so the model does not
 * receive them either.
 *
 * It needs the accepted commands in their order. The simulation does not know these after crashes, so it follows events
 * instead, with a plain account of its own.
 */
import type {
  CancelStatement,
  CaptureHold,
  Close,
  CompleteStatement,
  CompleteTransfer,
  Credit,
  DeclineTransfer,
  Deposit,
  FailStatement,
  Freeze,
  Open,
  PlaceHold,
  ReleaseHold,
  RequestStatement,
  Transfer,
  Unfreeze,
  Withdraw,
} from "@tutti/contracts/bank/v1";
import {
  amountMaxCents,
  holdPeriodMaxMs,
  holdsMax,
  printAttemptsMax,
  statementsMax,
  transfersMax,
} from "../limits.ts";

interface Bodies {
  readonly open: Open;
  readonly deposit: Deposit;
  readonly withdraw: Withdraw;
  readonly freeze: Freeze;
  readonly unfreeze: Unfreeze;
  readonly close: Close;
  readonly transfer: Transfer;
  readonly credit: Credit;
  readonly complete_transfer: CompleteTransfer;
  readonly decline_transfer: DeclineTransfer;
  readonly place_hold: PlaceHold;
  readonly capture_hold: CaptureHold;
  readonly release_hold: ReleaseHold;
  readonly request_statement: RequestStatement;
  readonly complete_statement: CompleteStatement;
  readonly fail_statement: FailStatement;
  readonly cancel_statement: CancelStatement;
}

/** A command, a message or a result. A result has the attempt that it settles. */
export type BankCommand = {
  readonly [Type in keyof Bodies]: {
    readonly command: Type;
    readonly body: Bodies[Type];
    readonly settles?: { readonly number: number; readonly attempt: number } | undefined;
  };
}[keyof Bodies];

/** The expected outcome of a step: a reply, or the code of a refusal, and the sent messages. */
export interface BankOutcome {
  readonly refused: string | undefined;
  readonly reply: object | undefined;
  readonly messages: readonly BankMessage[];
}

export interface BankMessage {
  readonly to: string;
  readonly type: string;
  readonly body: object;
}

export interface BankBalances {
  readonly balanceCents: number;
  readonly heldCents: number;
  readonly underWayCents: number;
}

/** Incoming or outgoing money. Reserved or sent money counts as outgoing until it returns. */
interface Entry {
  readonly kind: "outside" | "transfer in" | "transfer out" | "hold";
  readonly number: number;
  readonly amountCents: number;
  state: "open" | "done" | "back";
}

interface Statement {
  readonly number: number;
  attempt: number;
  state: "printing" | "pausing" | "over";
}

interface Page {
  standing: "open" | "frozen" | "closed";
  readonly entries: Entry[];
  readonly statements: Statement[];
}

export class BankModel {
  readonly #pages = new Map<string, Page>();

  /** Ids of the accounts that were ever opened. */
  get ids(): readonly string[] {
    return [...this.#pages.keys()];
  }

  standing(id: string): "absent" | Page["standing"] {
    return this.#pages.get(id)?.standing ?? "absent";
  }

  balances(id: string): BankBalances {
    const entries = this.#pages.get(id)?.entries ?? [];
    return {
      balanceCents: balanceOf(entries),
      heldCents: sum(openOf(entries, "hold")),
      underWayCents: sum(openOf(entries, "transfer out")),
    };
  }

  /** Money from outside the bank minus money that left it, over all accounts. */
  get insideCents(): number {
    const entries = [...this.#pages.values()].flatMap((page) => page.entries);
    const captured = entries.filter(({ kind, state }) => kind === "hold" && state === "done");
    return sum(entries.filter(({ kind }) => kind === "outside")) - sum(captured);
  }

  /** Applies a command to an account. */
  apply(id: string, call: BankCommand): BankOutcome {
    const page = this.#pages.get(id);
    if (call.command === "open") return this.#open(id, page, call.body);
    if (call.command === "credit") return credit(page, call.body);
    if (page === undefined) return notThere(undefined, call) ?? refused("account_missing");
    switch (call.command) {
      case "complete_statement":
      case "fail_statement":
        return resultOf(page, call);
      case "complete_transfer":
      case "decline_transfer":
        return answered(page, call);
      case "request_statement":
      case "cancel_statement":
      case "release_hold":
      case "unfreeze":
        return page.standing === "closed" ? refused("account_closed") : withinAccount(page, call);
      default:
        if (page.standing === "frozen") return refused("account_frozen");
        if (page.standing === "closed") return refused("account_closed");
        return acrossBorder(id, page, call);
    }
  }

  /** Handles a due timer of an account. */
  expire(id: string, number: number): void {
    const page = this.#pages.get(id);
    const hold = page?.entries.find((each) => each.kind === "hold" && each.number === number);
    if (hold?.state === "open") hold.state = "back";
    const statement = page?.statements.find((each) => each.number === number);
    if (statement?.state === "pausing") statement.state = "printing";
  }

  #open(id: string, page: Page | undefined, { owner, balanceCents }: Open): BankOutcome {
    if (page !== undefined) return refused("account_exists");
    if (owner === "") return refused("owner_missing");
    if (balanceCents !== 0 && !isAmount(balanceCents)) return refused("amount_invalid");
    const entries = [entry("outside", 0, balanceCents)];
    this.#pages.set(id, { standing: "open", entries, statements: [] });
    return replied({});
  }
}

/** Reply messages and results for an unknown account have their own refusal. */
function notThere(page: Page | undefined, { command, settles }: BankCommand): BankOutcome | undefined {
  if (page !== undefined) return undefined;
  if (command === "complete_transfer" || command === "decline_transfer") return refused("number_unknown");
  if (command === "complete_statement" || command === "fail_statement")
    return refused(settles === undefined ? "result_unasked" : "number_unknown");
  return refused("account_missing");
}

/** Commands that move money across the border of the account, or could. */
function acrossBorder(id: string, page: Page, call: BankCommand): BankOutcome {
  switch (call.command) {
    case "deposit":
      if (!isAmount(call.body.amountCents)) return refused("amount_invalid");
      page.entries.push(entry("outside", 0, call.body.amountCents));
      return replied({ balanceCents: balanceOf(page.entries) });
    case "withdraw": {
      const problem = notSpendable(page, call.body.amountCents);
      if (problem !== undefined) return problem;
      page.entries.push(entry("outside", 0, -call.body.amountCents));
      return replied({ balanceCents: balanceOf(page.entries) });
    }
    case "transfer":
      return transfer(id, page, call.body);
    case "place_hold":
      return placeHold(page, call.body);
    case "capture_hold":
      return endHold(page, call.body.hold, "done");
    case "freeze":
      page.standing = "frozen";
      return replied({});
    case "close":
      return close(page);
    default:
      return refused("unknown");
  }
}

/** Commands that a frozen account accepts too. */
function withinAccount(page: Page, call: BankCommand): BankOutcome {
  switch (call.command) {
    case "unfreeze":
      if (page.standing !== "frozen") return refused("account_not_frozen");
      page.standing = "open";
      return replied({});
    case "release_hold":
      return endHold(page, call.body.hold, "back");
    case "request_statement": {
      if (page.statements.filter(({ state }) => state !== "over").length >= statementsMax)
        return refused("too_many");
      const number = nextNumber(page);
      page.statements.push({ number, attempt: 1, state: "printing" });
      return replied({ number });
    }
    case "cancel_statement":
      return endStatement(page, call.body.statement);
    default:
      return refused("unknown");
  }
}

function transfer(id: string, page: Page, { to, amountCents }: Transfer): BankOutcome {
  const problem = notSpendable(page, amountCents);
  if (problem !== undefined) return problem;
  if (to === "" || to === id) return refused("receiver_invalid");
  if (openOf(page.entries, "transfer out").length >= transfersMax) return refused("too_many");
  const number = nextNumber(page);
  page.entries.push({ ...entry("transfer out", number, amountCents), state: "open" });
  const body = { from: id, transfer: number, amountCents };
  return replied({ number }, { to, type: "credit", body });
}

function credit(page: Page | undefined, { from, transfer: number, amountCents }: Credit): BankOutcome {
  if (page?.standing === "open") {
    page.entries.push(entry("transfer in", number, amountCents));
    return replied({}, { to: from, type: "complete_transfer", body: { transfer: number } });
  }
  const standing = page?.standing ?? "missing";
  const body = { transfer: number, amountCents, code: `bank.account_${standing}` };
  return replied({}, { to: from, type: "decline_transfer", body });
}

function answered(page: Page, call: BankCommand & { command: "complete_transfer" | "decline_transfer" }) {
  const { transfer: number } = call.body;
  const sent = openOf(page.entries, "transfer out").find((each) => each.number === number);
  if (sent === undefined) return refused("number_unknown");
  sent.state = call.command === "complete_transfer" ? "done" : "back";
  return replied({});
}

function placeHold(page: Page, { amountCents, periodMs }: PlaceHold): BankOutcome {
  const problem = notSpendable(page, amountCents);
  if (problem !== undefined) return problem;
  if (!(periodMs >= 1 && periodMs <= holdPeriodMaxMs)) return refused("period_invalid");
  if (openOf(page.entries, "hold").length >= holdsMax) return refused("too_many");
  const number = nextNumber(page);
  page.entries.push({ ...entry("hold", number, amountCents), state: "open" });
  return replied({ number });
}

function endHold(page: Page, number: number, state: "done" | "back"): BankOutcome {
  const hold = openOf(page.entries, "hold").find((each) => each.number === number);
  if (hold === undefined) return refused("number_unknown");
  hold.state = state;
  return replied({});
}

function resultOf(page: Page, call: BankCommand & { command: "complete_statement" | "fail_statement" }) {
  const { settles } = call;
  if (settles === undefined) return refused("result_unasked");
  const statement = page.statements.find(({ number }) => number === settles.number);
  if (call.command === "complete_statement" || settles.attempt >= printAttemptsMax)
    return endStatement(page, settles.number);
  if (statement === undefined || statement.state === "over") return refused("number_unknown");
  statement.attempt += 1;
  statement.state = "pausing";
  return replied({});
}

function endStatement(page: Page, number: number): BankOutcome {
  const statement = page.statements.find((each) => each.number === number && each.state !== "over");
  if (statement === undefined) return refused("number_unknown");
  statement.state = "over";
  return replied({});
}

function close(page: Page): BankOutcome {
  const { entries } = page;
  const isEmpty =
    balanceOf(entries) === 0 &&
    openOf(entries, "hold").length === 0 &&
    openOf(entries, "transfer out").length === 0;
  if (!isEmpty) return refused("account_in_use");
  page.standing = "closed";
  for (const statement of page.statements) statement.state = "over";
  return replied({});
}

function notSpendable(page: Page, amountCents: number): BankOutcome | undefined {
  if (!isAmount(amountCents)) return refused("amount_invalid");
  return balanceOf(page.entries) < amountCents ? refused("funds_missing") : undefined;
}

function isAmount(cents: number): boolean {
  return Number.isInteger(cents) && cents >= 1 && cents <= amountMaxCents;
}

function balanceOf(entries: readonly Entry[]): number {
  const incoming = entries.filter(({ kind }) => kind === "outside" || kind === "transfer in");
  const outgoing = entries.filter(({ kind }) => kind === "transfer out" || kind === "hold");
  return sum(incoming) - sum(outgoing.filter(({ state }) => state !== "back"));
}

function openOf(entries: readonly Entry[], kind: Entry["kind"]): readonly Entry[] {
  return entries.filter((each) => each.kind === kind && each.state === "open");
}

function sum(entries: readonly Entry[]): number {
  return entries.reduce((total, { amountCents }) => total + amountCents, 0);
}

function entry(kind: Entry["kind"], number: number, amountCents: number): Entry {
  return { kind, number, amountCents, state: "done" };
}

/** Everything with a number shares one sequence. */
function nextNumber({ entries, statements }: Page): number {
  const numbered = entries.filter(({ kind }) => kind === "transfer out" || kind === "hold");
  return numbered.length + statements.length + 1;
}

function refused(code: string): BankOutcome {
  return { refused: `bank.${code}`, reply: undefined, messages: [] };
}

function replied(reply: object, ...messages: BankMessage[]): BankOutcome {
  return { refused: undefined, reply, messages };
}
