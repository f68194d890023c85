/** A test double of an adapter: the same capabilities and schemas, with answers from the test. */
import { type Adapter, type AdapterCall, callOperation } from "./adapter.ts";

export type Answers = Readonly<Record<string, (input: never, call: AdapterCall) => unknown>>;

/**
 * Returns handlers for `testWorkflow` that replace an adapter. Input is validated as by the adapter, and no system is
 * called. An operation without an answer from the test fails its task.
 */
export function adapterDouble(
  adapter: Adapter,
  answers: Answers,
): Readonly<Record<string, (input: unknown, call: AdapterCall) => Promise<unknown>>> {
  const unknown = Object.keys(answers).find((name) => !Object.hasOwn(adapter.operations, name));
  if (unknown !== undefined)
    throw new Error(`The adapter \`${adapter.name}\` has no operation \`${unknown}\`.`);
  return Object.fromEntries(
    Object.entries(adapter.operations).map(([name, operation]) => {
      const capability = `${adapter.name}.${name}`;
      const answer = answers[name];
      return [
        capability,
        (input: unknown, call: AdapterCall) =>
          callOperation(
            capability,
            { ...operation, call: async (valid) => answered(capability, answer, valid, call) },
            input,
            call,
          ),
      ];
    }),
  );
}

function answered(
  capability: string,
  answer: Answers[string] | undefined,
  input: unknown,
  call: AdapterCall,
): unknown {
  if (answer === undefined) throw new Error(`The test gives no answer for \`${capability}\`.`);
  return answer(input as never, call);
}
