/**
 * The actions and their kinds of resources, read from the schema of policies, which is generated from the contracts.
 */

export interface Action {
  readonly name: string;
  /** Kinds of things it is about, as questions name them: `run`. */
  readonly kinds: readonly string[];
}

const line = /^action "([^"]+)" in .* resource: \[([^\]]*)\]/;

export function actionsOf(schema: string): readonly Action[] {
  return schema.split("\n").flatMap((text) => {
    const [, name = "", types = ""] = line.exec(text) ?? [];
    if (name === "") return [];
    return [{ name, kinds: types.split(",").map((type) => kindOf(type.trim())) }];
  });
}

/** Converts `HealthHistory` to `health_history`. */
function kindOf(type: string): string {
  return type.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
