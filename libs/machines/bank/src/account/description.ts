/** The description of an account in lists and in golden histories. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Description } from "@tutti/kernel";
import type { AccountView } from "../state.ts";

export function describeAccount(account: AccountView): Description {
  const { standing, owner, product, freezeReason } = account;
  return {
    status: statuses[standing],
    definition: product,
    labels: standing === "frozen" ? { owner, frozen: freezeReason } : { owner },
    idChosen: true,
  };
}

/** Returns the whole state as plain JSON. */
export function projectAccount({ holds, transfers, statements, ...plain }: AccountView): unknown {
  return {
    ...plain,
    holds: listed(holds),
    transfers: listed(transfers),
    statements: [...statements].map(([number, { attempt, retryMs = null }]) => ({
      number,
      attempt,
      retryMs,
    })),
  };
}

function listed<Entry extends object>(entries: ReadonlyMap<number, Entry>): readonly object[] {
  return [...entries].map(([number, entry]) => ({ number, ...entry }));
}

const statuses = {
  absent: WorkStatus.WORK_STATUS_UNSPECIFIED,
  open: WorkStatus.WORK_STATUS_RUNNING,
  frozen: WorkStatus.WORK_STATUS_PAUSED,
  closed: WorkStatus.WORK_STATUS_COMPLETED,
} as const;
