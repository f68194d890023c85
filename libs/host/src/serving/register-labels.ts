import type { Labels, Refusal } from "@tutti/kernel";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { Guard } from "../guard/guard.ts";
import { whenOwned } from "../runtime/admission.ts";
import type { MachineDependencies, QueryCall } from "./machine-calls.ts";

interface Labelled {
  readonly spec: { readonly labels: Labels } | undefined;
}

/** Registers the labels of one kind of work for rights that depend on labels. Its machine knows them. */
export function registerLabels<Body, Reply extends Labelled | Refusal>(
  guard: Pick<Guard, "labels"> | undefined,
  dependencies: Pick<MachineDependencies, "runtime" | "partitionOwner">,
  kind: string,
  call: QueryCall<Body, Reply>,
): void {
  guard?.labels.register(kind, async (namespace, id, signal) => {
    const key = { namespace, kind, id };
    try {
      const read = () => dependencies.runtime.query({ key, ...call });
      const found: Labelled | Refusal = await whenOwned(dependencies, key, { signal }, read);
      return "spec" in found ? found.spec?.labels : undefined;
    } catch (error) {
      if (runtimeErrors.unknownInstance.is(error) || runtimeErrors.idTaken.is(error)) return;
      throw error;
    }
  });
}
