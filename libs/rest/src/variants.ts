/** Two variants behind one workflow: the versions `old` and `new`, between which its rollout divides new runs. */
import type { Definition } from "./generated/types.ts";

export type VariantName = "old" | "new";
export const variantNames = ["old", "new"] as const;
const other = { old: "new", new: "old" } as const;

/** A task of the workflow language: the work of a variant. */
export type VariantTask = Readonly<Record<string, unknown>>;

export interface Variants {
  readonly old: VariantTask;
  readonly new: VariantTask;
}

const percentMax = 100;

/** Undefined if a workflow has no variants. */
export function variantsIn(versions: readonly Definition[]) {
  const labelled = (label: VariantName) =>
    versions.find(({ versionLabels }) => versionLabels.includes(label));
  const [oldVersion, newVersion] = [labelled("old"), labelled("new")];
  if (oldVersion === undefined || newVersion === undefined) return undefined;
  const { rollout } = oldVersion;
  const part = rollout !== undefined && rollout.hash === newVersion.hash ? (rollout.percent ?? 0) : 0;
  return {
    old: oldVersion,
    new: newVersion,
    percent: newVersion.versionLabels.includes("latest") ? percentMax : part,
  };
}

/** Returns the version of a variant. In a comparison, the other one is a second task that may fail. */
export function variantDocument(
  name: string,
  variant: VariantName,
  { [variant]: own, [other[variant]]: shadow }: Partial<Variants>,
  compares: boolean,
): string {
  return JSON.stringify({
    workflow: name,
    description: `The ${variant} of two variants.`,
    tasks: {
      [variant]: own,
      ...(compares && {
        [other[variant]]: { ...shadow, mayFail: true, retry: 1, timeout: { queue: "2s", total: "1m" } },
      }),
    },
    output: `\${{ tasks.${variant}.output }}`,
  });
}

function documentIn(text = "{}"): { readonly tasks?: Partial<Variants> } {
  try {
    return JSON.parse(text) as { readonly tasks?: Partial<Variants> };
  } catch {
    // A person wrote this version.
    return {};
  }
}

/** Returns the version `old` without a comparison. Undefined if it has none. */
function withoutComparison(name: string, text: string | undefined): string | undefined {
  const { tasks = {} } = documentIn(text);
  return tasks.new === undefined ? undefined : variantDocument(name, "old", tasks, false);
}

/** The two routes that `endComparison` calls. */
export interface VariantRoutes {
  /** Returns the version `old` with its source. */
  old(name: string): Promise<Definition>;
  register(definition: {
    readonly format: "json";
    readonly text: string;
    readonly fileName: string;
    readonly versionLabels: ["old"];
  }): Promise<unknown>;
}

/** Ends the comparison of the version `old`. If this fails, the old variant still decides. */
export async function endComparison(routes: VariantRoutes, name: string): Promise<void> {
  const { source } = await routes.old(name);
  const text = withoutComparison(name, source?.text);
  if (text === undefined) return;
  await routes.register({ format: "json", text, fileName: `${name}.json`, versionLabels: ["old"] });
}
