export { amountOf, counted } from "./counted.ts";
export { type CsvValue, csvLine } from "./csv.ts";
export { capitalized, sentences } from "./sentences.ts";
export { spanOf } from "./span.ts";
export { matchesWildcard } from "./wildcard.ts";
