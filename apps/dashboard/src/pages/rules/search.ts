/** Which rule is written. */
export interface RuleSearch {
  readonly id?: string;
}

export function ruleSearch({ id }: Readonly<Record<string, unknown>>): RuleSearch {
  return id === undefined || id === "" ? {} : { id: String(id) };
}
