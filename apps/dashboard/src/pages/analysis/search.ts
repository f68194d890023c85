/** Which recorded work is analysed, as the address has it. */

const hourMs = 3_600_000;

/** Each span with its length. */
export const spans = {
  "1h": { word: "last hour", ms: hourMs },
  "24h": { word: "last day", ms: 24 * hourMs },
  "7d": { word: "last 7 days", ms: 168 * hourMs },
  "30d": { word: "last 30 days", ms: 720 * hourMs },
} as const;

export type Span = keyof typeof spans;
export const spanOrder = Object.keys(spans) as readonly Span[];
export const defaultSpan: Span = "24h";

export interface AnalysisSearch {
  readonly span?: Span;
  readonly workflow?: string;
}

export function analysisSearch(search: Readonly<Record<string, unknown>>): AnalysisSearch {
  const span = spanOrder.find((each) => each === search["span"]);
  const { workflow } = search;
  return {
    ...(span === undefined || span === defaultSpan ? {} : { span }),
    ...(typeof workflow === "string" && workflow !== "" ? { workflow } : {}),
  };
}
