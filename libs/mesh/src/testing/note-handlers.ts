import type { Handlers } from "../server/types.ts";
import { type Note, note, type noteService } from "./note-contract.ts";

type NoteHandlers = Handlers<typeof noteService>;

/** Returns handlers that answer each note with itself. A test replaces some of them. */
export function noteHandlers(overrides: Partial<NoteHandlers> = {}): NoteHandlers {
  return {
    get: (request) => request,
    put: (request) => request,
    async *list(request) {
      for (let count = 0; count < request.count; count++) yield note({ text: request.text, count });
    },
    async *follow(request) {
      yield request;
    },
    async collect(requests) {
      let count = 0;
      const tags: string[] = [];
      for await (const request of requests) {
        count += request.count;
        tags.push(request.text);
      }
      return note({ count, tags });
    },
    talk: echo,
    change: (request) => request,
    edit: echo,
    ...overrides,
  };
}

async function* echo(requests: AsyncIterable<Note>): AsyncGenerator<Note, void> {
  for await (const request of requests) yield request;
}
