import type { EndedWork } from "@tutti/host/serving";
import type { InstanceKey } from "@tutti/kernel";
import { showRun } from "@tutti/machine-run";
import type { RuntimeOfService } from "@tutti/runtime";

/** What traces say of a run that is over. */
export async function endOfRun(runtime: Pick<RuntimeOfService, "ask">, key: InstanceKey): Promise<EndedWork> {
  const shown = await runtime.ask({ key, query: showRun, body: { withPayloads: false } });
  if (!("spec" in shown)) return { definition: "", outcome: undefined };
  const { spec, outcome } = shown;
  const definition = spec?.what?.$case === "definition" ? spec.what.value.name : "";
  return { definition, outcome };
}
