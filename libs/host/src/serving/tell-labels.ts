import type { Labels, Refusal } from "@tutti/kernel";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { Guard } from "../guard/guard.ts";
import { whenOwned } from "../runtime/admission.ts";
import type { Asked, MachineDependencies } from "./machine-calls.ts";

interface Shown {
  readonly spec: { readonly labels: Labels } | undefined;
}

/** Has rights that depend on labels know those of one kind of work, as its machine shows them. */
export function tellLabels<Body, Reply extends Shown | Refusal>(
  guard: Pick<Guard, "labels"> | undefined,
  dependencies: Pick<MachineDependencies, "runtime" | "partitionOwner">,
  kind: string,
  asked: Asked<Body, Reply>,
): void {
  guard?.labels.tell(kind, async (namespace, id, signal) => {
    const key = { namespace, kind, id };
    try {
      const ask = () => dependencies.runtime.query({ key, ...asked });
      const shown: Shown | Refusal = await whenOwned(dependencies, key, { signal }, ask);
      return "spec" in shown ? shown.spec?.labels : undefined;
    } catch (error) {
      if (runtimeErrors.unknownInstance.is(error) || runtimeErrors.idTaken.is(error)) return;
      throw error;
    }
  });
}
