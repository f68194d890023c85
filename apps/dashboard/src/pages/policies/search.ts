/** Which policy is written, and as it was in which version. */
export interface PolicySearch {
  readonly id?: string;
  /** Another namespace that holds here too: `system`. */
  readonly of?: string;
  readonly version?: number;
}

export function policySearch(search: Readonly<Record<string, unknown>>): PolicySearch {
  const { id, of, version } = search;
  const number = Number(version);
  return {
    ...(id === undefined || id === "" ? {} : { id: String(id) }),
    ...(of === "system" ? { of } : {}),
    ...(Number.isInteger(number) && number > 0 ? { version: number } : {}),
  };
}
