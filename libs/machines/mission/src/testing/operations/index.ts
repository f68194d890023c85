/** Random commands to two missions. */
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";
import { answerOperations } from "./answers.ts";
import { boardOperations } from "./board.ts";
import { lifeOperations } from "./life.ts";
import { sharedOperations } from "./shared.ts";

export { resultOf } from "./answers.ts";

/** Operations for properties. A failing sequence is reduced. */
export function operations(): fc.Arbitrary<MachineCall> {
  return fc.oneof(...lifeOperations, ...boardOperations, ...sharedOperations, ...answerOperations);
}
