import type { AccountStep } from "../state.ts";
import { statementRetried } from "./events.ts";

/** The pause after a failed attempt is over. */
export function retryStatement(statement: number, step: AccountStep): void {
  step.emit(statementRetried, { statement });
}
