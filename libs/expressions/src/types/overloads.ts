import type { FunctionDeclaration } from "../functions/declaration.ts";
import { fits, type Type, types } from "./type.ts";

/** What a function gives for arguments of these types. Undefined when it does not take them. */
export function typeOfOverloads(declared: FunctionDeclaration, found: readonly Type[]): Type | undefined {
  const fitting = declared.overloads.filter(
    ({ takes }) =>
      takes.length === found.length &&
      takes.every((wanted, index) => {
        const type = found[index] ?? types.dyn;
        // Numbers of JSON are doubles, and may count.
        return fits(type, wanted);
      }),
  );
  const [only] = fitting;
  if (only === undefined) return undefined;
  return fitting.every(({ gives }) => gives.kind === only.gives.kind) ? only.gives : types.dyn;
}
