/** What a selector may have left out, where it comes from outside. */
export interface SelectorWords {
  readonly equals?: Readonly<Record<string, string>> | undefined;
  readonly exists?: readonly string[] | undefined;
  readonly absent?: readonly string[] | undefined;
}

/** What a selector asks of labels, for people. Empty where it asks nothing. */
export function selectorText({ equals = {}, exists = [], absent = [] }: SelectorWords): string {
  return [
    ...Object.entries(equals).map(([label, value]) => `${label}=${value}`),
    ...exists,
    ...absent.map((label) => `no ${label}`),
  ].join(", ");
}
