/** Reads the variants of a workflow as a file describes them. */
import type { Definition } from "@tutti/rest/types";
import { type Variants, type VariantTask, variantNames, variantsIn } from "@tutti/rest/variants";
import type { Server } from "../../server/calls.ts";
import { calling, versionsOf } from "../variants/variants.ts";
import { unlessMissing } from "./resources.ts";

export interface FoundVariants {
  readonly percent: number;
  /** Undefined for variants that are no capabilities: adopted scripts. */
  readonly spec: { readonly old: string; readonly new: string; readonly compare: boolean } | undefined;
  /** The version of the new variant. */
  readonly current: Definition;
  /** All versions of the workflow. */
  readonly versions: readonly Definition[];
}

/** Undefined if there is no such workflow, or it has no variants. */
export async function readVariants(server: Server, name: string): Promise<FoundVariants | undefined> {
  const versions = (await unlessMissing(versionsOf(server, name))) ?? [];
  const found = variantsIn(versions);
  if (found === undefined) return undefined;
  const [old, young] = await Promise.all(
    variantNames.map(async (label) => {
      const query = { ...server.namespace, label, withSource: true, withoutLiveCount: true };
      const { source } = await server.call("workflows.get", { params: { name }, query });
      return tasksIn(source?.text);
    }),
  );
  const [oldCapability, newCapability] = [capabilityIn(old?.old), capabilityIn(young?.new)];
  const spec =
    oldCapability === undefined || newCapability === undefined
      ? undefined
      : {
          old: oldCapability,
          new: newCapability,
          compare: old?.new !== undefined && young?.old !== undefined,
        };
  return { percent: found.percent, spec, current: found.new, versions };
}

function tasksIn(text: string | undefined): Partial<Variants> {
  try {
    return (JSON.parse(text ?? "{}") as { readonly tasks?: Partial<Variants> }).tasks ?? {};
  } catch {
    // A version that was not written by a `tutti variant` command.
    return {};
  }
}

function capabilityIn(task: VariantTask | undefined): string | undefined {
  const { uses, with: input } = task ?? {};
  return typeof uses === "string" && input === calling(uses)["with"] ? uses : undefined;
}
