/** Names in commands to missions: few tasks, agents and keys, so that commands interact. */
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

const missions = ["one", "two"].map((id) => ({ namespace: "default", kind: "mission", id }));
// One mission receives more commands than the other: events of a mission need several interacting commands.
const key = fc.constantFrom(
  missions[0],
  missions[0],
  missions[0],
  missions[0],
  missions[0],
  missions[0],
  missions[1],
) as fc.Arbitrary<(typeof missions)[number]>;
export const agents = fc.constantFrom("anna", "anna", "anna", "anna", "ben", "carl");
export const agentOrNone = fc.constantFrom("", "", "anna", "ben");
const ids = ["a", "b", "c", "d", "kid", "sub"] as const;
export const id = fc.constantFrom(...ids, "e", "f", "g", "h", "i", "j", "k", "l", "m", "n");
export const claimId = fc
  .tuple(fc.constantFrom(0, 5, 6, 7, 8), fc.constantFrom(2, 2, 2, 2, 4, 1))
  .map(([node, attempt]) => `c${node}.${attempt}`);
export const reason = fc.constantFrom("", "because");
export const startMs = 1_767_225_600_000;

export const amounts = fc.record({
  tokens: fc.constantFrom(0, 0, 1, 2, 5),
  money: fc.constantFrom(0, 0, 0.1, 0.7),
  timeMs: fc.constantFrom(0, 0, 500),
});

/** Returns a command to one of the missions. */
export function to<Body>(command: string, body: fc.Arbitrary<Body>): fc.Arbitrary<MachineCall> {
  return fc.record({ key, command: fc.constant(command), body }) as fc.Arbitrary<MachineCall>;
}

export function often(weight: number, arbitrary: fc.Arbitrary<MachineCall>): Weighted {
  return { weight, arbitrary };
}

export function rare(command: string, body: fc.Arbitrary<object>): Weighted {
  return often(1, to(command, body));
}

export type Weighted = fc.WeightedArbitrary<MachineCall>;
