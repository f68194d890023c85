export { type Note, note, noteService } from "./note-contract.ts";
export { noteHandlers } from "./note-handlers.ts";
