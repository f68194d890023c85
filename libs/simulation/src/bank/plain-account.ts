/**
 * An account, implemented once more as plainly as possible: the result of each command, and the meaning of
 * each event. It shares no code with the machine, so both would have to be wrong in the same way.
 *
 * It is not the bank of `@tutti/machine-bank/testing`. That one receives commands, and so checks the machine
 * alone. Here commands are lost, doubled and answered too late, and only the journal knows their order. This
 * account follows durable events, and reads the messages of the machine as plain fields.
 */
export interface PlainAccount {
  readonly id: string;
  standing: "absent" | "open" | "frozen" | "closed";
  balance: number;
  numbers: number;
  paidIn: number;
  paidOut: number;
  readonly holds: Map<number, { readonly amount: number; readonly dueMs: number }>;
  readonly transfers: Map<number, { readonly to: string; readonly amount: number }>;
  readonly statements: Map<number, { attempt: number; retryMs: number | undefined }>;
}

/** The fields of a command or an event. */
export type Fields = Readonly<Record<string, unknown>>;

/** The expected result of a command: an event and a reply, or a refusal with its code. */
export type Expected =
  | { readonly kind: "event"; readonly type: string; readonly fields: Fields; readonly reply: Fields }
  | { readonly kind: "refused"; readonly code: string };

export function plainAccount(id: string): PlainAccount {
  return {
    id,
    standing: "absent",
    balance: 0,
    numbers: 0,
    paidIn: 0,
    paidOut: 0,
    holds: new Map(),
    transfers: new Map(),
    statements: new Map(),
  };
}

function number(fields: Fields, name: string): number {
  return Number(fields[name]);
}

function refused(code: string): Expected {
  return { kind: "refused", code: `bank.${code}` };
}

function event(type: string, fields: Fields, reply: Fields = {}): Expected {
  return { kind: "event", type, fields, reply };
}

/** Returns the expected result of a command that a client sent. */
export function expect(account: PlainAccount, command: string, body: Fields, nowMs: number): Expected {
  const missing = missingCode(account);
  const frozen = account.standing === "frozen" ? "account_frozen" : missing;
  const next = account.numbers + 1;
  switch (command) {
    case "open":
      if (account.standing !== "absent") return refused("account_exists");
      return event("account_opened", body);
    case "deposit":
      if (frozen !== undefined) return refused(frozen);
      return event("money_deposited", body, { balanceCents: account.balance + number(body, "amountCents") });
    case "withdraw":
      return spending(account, frozen, body, () =>
        event("money_withdrawn", body, { balanceCents: account.balance - number(body, "amountCents") }),
      );
    case "freeze":
      return frozen === undefined ? event("account_frozen", body) : refused(frozen);
    case "unfreeze":
      if (missing !== undefined) return refused(missing);
      return account.standing === "frozen" ? event("account_unfrozen", {}) : refused("account_not_frozen");
    case "close":
      if (frozen !== undefined) return refused(frozen);
      return account.balance > 0 || account.holds.size > 0 || account.transfers.size > 0
        ? refused("account_in_use")
        : event("account_closed", {});
    case "transfer":
      return spending(account, frozen, body, () =>
        body["to"] === account.id
          ? refused("receiver_invalid")
          : event("transfer_started", { transfer: next, ...body }, { number: next }),
      );
    case "place_hold":
      return spending(account, frozen, body, () => {
        const { amountCents, periodMs } = body;
        const dueMs = nowMs + Number(periodMs);
        return event("hold_placed", { hold: next, amountCents, dueMs }, { number: next });
      });
    case "capture_hold":
      if (frozen !== undefined) return refused(frozen);
      return account.holds.has(number(body, "hold"))
        ? event("hold_captured", body)
        : refused("number_unknown");
    case "release_hold":
      if (missing !== undefined) return refused(missing);
      return account.holds.has(number(body, "hold"))
        ? event("hold_released", body)
        : refused("number_unknown");
    case "request_statement":
      if (missing !== undefined) return refused(missing);
      if (account.statements.size >= 10) return refused("too_many");
      return event("statement_requested", { statement: next }, { number: next });
    case "cancel_statement":
      if (missing !== undefined) return refused(missing);
      return account.statements.has(number(body, "statement"))
        ? event("statement_cancelled", body)
        : refused("number_unknown");
    default:
      throw new Error(`the plain bank does not know the command ${command}`);
  }
}

function missingCode({ standing }: PlainAccount): string | undefined {
  if (standing === "absent") return "account_missing";
  return standing === "closed" ? "account_closed" : undefined;
}

function spending(
  { balance }: PlainAccount,
  unusable: string | undefined,
  body: Fields,
  then: () => Expected,
): Expected {
  if (unusable !== undefined) return refused(unusable);
  return balance < number(body, "amountCents") ? refused("funds_missing") : then();
}

/** Applies an event. Returns the contradiction, if there is one. */
export function happen(account: PlainAccount, type: string, fields: Fields): string | undefined {
  const amount = number(fields, "amountCents");
  switch (type) {
    case "account_opened":
      account.standing = "open";
      account.balance = number(fields, "balanceCents");
      account.paidIn = account.balance;
      return;
    case "money_deposited":
      account.balance += amount;
      account.paidIn += amount;
      return;
    case "money_withdrawn":
      account.balance -= amount;
      account.paidOut += amount;
      break;
    case "account_frozen":
      account.standing = "frozen";
      return;
    case "account_unfrozen":
      account.standing = "open";
      return;
    case "account_closed":
      account.standing = "closed";
      account.statements.clear();
      return;
    default:
      return applyToNumbered(account, type, fields, amount);
  }
  return account.balance < 0 ? "the balance is below zero" : undefined;
}

function applyToNumbered(
  account: PlainAccount,
  type: string,
  fields: Fields,
  amount: number,
): string | undefined {
  if (type.startsWith("hold_")) return applyToHold(account, type, number(fields, "hold"), fields, amount);
  if (type.startsWith("statement_"))
    return applyToStatement(account, type, number(fields, "statement"), fields);
  const transfer = number(fields, "transfer");
  const started = account.transfers.get(transfer);
  if (type === "transfer_credited") {
    account.balance += amount;
    return;
  }
  if (type === "transfer_started") {
    account.balance -= amount;
    account.numbers = transfer;
    account.transfers.set(transfer, { to: String(fields["to"]), amount });
    return account.balance < 0 ? "the balance is below zero" : undefined;
  }
  if (started === undefined) return `transfer ${transfer} is not under way`;
  account.transfers.delete(transfer);
  if (type === "transfer_declined") account.balance += started.amount;
  return;
}

function applyToHold(
  account: PlainAccount,
  type: string,
  hold: number,
  fields: Fields,
  amount: number,
): string | undefined {
  if (type === "hold_placed") {
    account.balance -= amount;
    account.numbers = hold;
    account.holds.set(hold, { amount, dueMs: number(fields, "dueMs") });
    return account.balance < 0 ? "the balance is below zero" : undefined;
  }
  const held = account.holds.get(hold);
  if (held === undefined) return `hold ${hold} is not there`;
  account.holds.delete(hold);
  if (type === "hold_captured") account.paidOut += held.amount;
  else account.balance += held.amount;
  return;
}

function applyToStatement(
  account: PlainAccount,
  type: string,
  statement: number,
  fields: Fields,
): string | undefined {
  if (type === "statement_requested") {
    account.numbers = statement;
    account.statements.set(statement, { attempt: 1, retryMs: undefined });
    return;
  }
  const awaited = account.statements.get(statement);
  if (awaited === undefined) return `statement ${statement} is not awaited`;
  if (type === "statement_failed") {
    awaited.retryMs = number(fields, "retryMs");
    return;
  }
  if (type === "statement_retried") {
    awaited.attempt++;
    awaited.retryMs = undefined;
    return;
  }
  account.statements.delete(statement);
  return;
}
