import { AcquireLimit, LimitRule } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { acquire, limit, release, setLimit } from "./index.ts";
import { holder, holderKey, holderOf, limitKey, limitService } from "./testing/index.ts";

export type AcquireFields = { readonly [Name in keyof AcquireLimit]?: AcquireLimit[Name] };

export function newDriver(): MachineDriver {
  return new MachineDriver({ machines: [limit, holder], service: limitService });
}

/** Returns a limit with this concurrency and rate. */
export function limited(
  maxConcurrent: number,
  rate?: { count: number; perMs: number; burst?: number },
): MachineDriver {
  const driver = newDriver();
  const rule = LimitRule.fromPartial(rate === undefined ? { maxConcurrent } : { maxConcurrent, rate });
  driver.execute(limitKey, setLimit, { rule, description: "", labels: {}, revision: 0 });
  return driver;
}

export function acquireBody(id: string, fields: AcquireFields = {}): AcquireLimit {
  return AcquireLimit.create({ holder: holderOf(id), ...fields } as AcquireLimit);
}

/** Lets holders request the limit, one after the other. Returns the holders. */
export function acquireAll(driver: MachineDriver, ...ids: readonly string[]): readonly string[] {
  for (const id of ids) driver.execute(limitKey, acquire, acquireBody(id));
  return holding(driver);
}

export function releaseAs(driver: MachineDriver, id: string, ticket = 0): void {
  driver.execute(limitKey, release, { holder: holderOf(id), ticket });
}

export function holding(driver: MachineDriver): readonly string[] {
  return [...driver.state(limitKey, limit).holds.values()].map(({ holder: { id } }) => id);
}

/** Returns the waiters in the order in which they get the limit. */
export function inLine(driver: MachineDriver): readonly string[] {
  return [...driver.state(limitKey, limit).line.inOrder()].map(({ holder: { id } }) => id);
}

/** Returns the last message to a holder, after all messages have arrived. */
export function lastMessage(driver: MachineDriver, id: string): string {
  driver.deliverAll();
  return driver.state(holderKey(id), holder).messages.get("") ?? "nothing";
}

/** Returns the code of a refusal. Otherwise the reply itself. */
export function codeOf(answer: unknown): unknown {
  return isRefusal(answer) ? answer.code : answer;
}
