/** What services that host machines are made of: how they speak with them, what they do for them, what is told of them. */
export { definitionOf, endingOf, inputOf, priorityOf } from "./children.ts";
export { type Attempt, Errands, type Told as ErrandTold } from "./errands.ts";
export {
  allEntries,
  ask,
  everything,
  type MachineDesk,
  placeOfToken,
  sizeOf,
  type Told,
  tell,
  tokenOfPlace,
} from "./machine-calls.ts";
export { changesOf, type Named, pageOf } from "./named.ts";
export { MachineNews, type NewsOptions, type Teller } from "./news/machine-news.ts";
export { headOf, type NoteHead, type NoteOf, type ToldMachine } from "./news/note.ts";
