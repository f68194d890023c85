/** Access rights, as lines of actions and columns of principals. */
import type { AccessRow } from "@tutti/rest/types";
import type { Action } from "./vocabulary.ts";

export type May = "always" | "sometimes" | "never";

/** Actions on one kind of thing: `workflow.runs`. */
export interface Area {
  readonly name: string;
  readonly actions: readonly Action[];
}

export function areasOf(actions: readonly Action[], filterText: string): readonly Area[] {
  const search = filterText.trim().toLowerCase();
  const areas = new Map<string, Action[]>();
  for (const action of actions) {
    if (!action.name.includes(search)) continue;
    const area = action.name.slice(0, action.name.lastIndexOf("."));
    areas.set(area, [...(areas.get(area) ?? []), action]);
  }
  return [...areas]
    .map(([name, own]) => ({ name, actions: own }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The allowed actions of a role, indexed for many lookups. */
export class Rights {
  readonly #always: ReadonlySet<string>;
  readonly #sometimes: ReadonlySet<string>;

  constructor({ allowed, conditional }: Pick<AccessRow, "allowed" | "conditional">) {
    this.#always = new Set(allowed);
    this.#sometimes = new Set(conditional);
  }

  mayDo(action: string): May {
    if (this.#always.has(action)) return "always";
    return this.#sometimes.has(action) ? "sometimes" : "never";
  }

  /** Returns how many of an area's actions are allowed always, and how many under conditions. */
  inArea({ actions }: Area): { readonly always: number; readonly sometimes: number; readonly all: number } {
    const answers = actions.map(({ name }) => this.mayDo(name));
    const many = (may: May) => answers.filter((each) => each === may).length;
    return { always: many("always"), sometimes: many("sometimes"), all: actions.length };
  }
}

/** All, some or nothing of an area. */
export function mayInArea({ always, sometimes, all }: ReturnType<Rights["inArea"]>): May {
  if (always === all) return "always";
  return always + sometimes > 0 ? "sometimes" : "never";
}
