import type { Declarations } from "./declarations.ts";
import { presetVariable } from "./environment-source.ts";
import type { Reading } from "./reading.ts";

/**
 * Reads what the starter of the process sets instead of the defaults: `{"log.level":"warn"}`. Everything else beats
 * it, so that a person who is given a preset without asking for it can set what they like, wherever they like.
 */
export function readPreset(text: string | undefined, declarations: Declarations, reading: Reading): void {
  if (text === undefined || text === "") return;
  const values = mappingIn(text);
  if (values === undefined) {
    reading.refuse(presetVariable, `${presetVariable}: expected an object in JSON, found something else`);
    return;
  }
  for (const [name, value] of Object.entries(values)) {
    const setting = declarations.byName(name);
    if (setting === undefined) reading.refuse(name, `${presetVariable}: unknown key \`${name}\``);
    else reading.record(setting, { typed: value }, { source: "preset", place: presetVariable });
  }
}

function mappingIn(text: string): object | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
