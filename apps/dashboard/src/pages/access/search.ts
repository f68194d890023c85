/** The selection of the access page, as the address contains it. */

const accessViews = ["who", "policies", "decisions", "keys", "sign-ins", "browsers", "kept-out"] as const;
type AccessView = (typeof accessViews)[number];

export interface AccessSearch {
  readonly view?: AccessView;
  /** The question that is asked. */
  readonly who?: string;
  readonly action?: string;
  readonly kind?: string;
  readonly id?: string;
  /** Which decisions: denied ones, or those that policies in shadow mode would change. */
  readonly decided?: "denied" | "shadow";
}

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export function accessSearch(search: Readonly<Record<string, unknown>>): AccessSearch {
  const view = accessViews.find((each) => each === search["view"]);
  const decided = (["denied", "shadow"] as const).find((each) => each === search["decided"]);
  const check = Object.fromEntries(
    (["who", "action", "kind", "id"] as const).flatMap((name) => {
      const value = nonEmpty(search[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { ...check, ...(view === undefined ? {} : { view }), ...(decided === undefined ? {} : { decided }) };
}
