import type { AccountStep } from "../state.ts";
import { statementRetried } from "./events.ts";

/** Retries a statement after the pause. */
export function retryStatement(statement: number, step: AccountStep): void {
  step.emit(statementRetried, { statement });
}
