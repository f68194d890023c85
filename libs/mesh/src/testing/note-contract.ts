/** A contract with a method of every kind, for tests of transports. Its messages travel as JSON. */
import {
  type FieldViolation,
  type MessageCodec,
  namespaceOf,
  type Repeat,
  type Route,
  type RpcDescription,
  type ServiceDescription,
} from "@tutti/contracts/rpc";

export interface Note {
  readonly namespace: string;
  /** Idempotency key, and for keyed methods the id of the note's object. */
  readonly key: string;
  readonly text: string;
  /** At least 0. */
  readonly count: number;
  readonly tags: readonly string[];
}

export function note(overrides: Partial<Note> = {}): Note {
  return { namespace: "", key: "", text: "", count: 0, tags: [], ...overrides };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

const codec: MessageCodec<Note> = {
  encode: (message) => encoder.encode(JSON.stringify(message)),
  decode: (bytes) => note(JSON.parse(decoder.decode(bytes))),
};

interface Kind<RequestStream extends boolean, ReplyStream extends boolean> {
  readonly requestStream: RequestStream;
  readonly replyStream: ReplyStream;
  readonly repeat: Repeat;
  readonly route?: Route<Note>;
}

function method<const RequestStream extends boolean, const ReplyStream extends boolean>(
  name: string,
  { requestStream, replyStream, repeat, route }: Kind<RequestStream, ReplyStream>,
): RpcDescription<Note, Note, RequestStream, ReplyStream> {
  return {
    name,
    path: `/test.v1.NoteService/${name}`,
    requestStream,
    replyStream,
    action: `notes.${name.toLowerCase()}`,
    resource: "note",
    repeat,
    route,
    request: codec,
    reply: codec,
    check,
    namespaceOf,
    idempotencyKeyOf: ({ key }) => key,
  };
}

function check({ count, tags }: Note, found: FieldViolation[]): void {
  if (count < 0) found.push({ field: "count", message: `expected at least 0, got ${count}` });
  tags.forEach((tag, index) => {
    if (tag === "") found.push({ field: `tags[${index}]`, message: "expected a value, got none" });
  });
}

const unary = { requestStream: false, replyStream: false } as const;
const byKey: Route<Note> = { kind: "note", idOf: ({ key }) => key };

export const noteService = {
  name: "test.v1.NoteService",
  area: "notes",
  methods: {
    /** Safe to repeat. */
    get: method("Get", { ...unary, repeat: "safe" }),
    /** Takes effect once by its key. */
    put: method("Put", { ...unary, repeat: "keyed" }),
    list: method("List", { requestStream: false, replyStream: true, repeat: "safe" }),
    /** A stream without end. */
    follow: method("Follow", { requestStream: false, replyStream: true, repeat: "resumes" }),
    collect: method("Collect", { requestStream: true, replyStream: false, repeat: "keyed" }),
    talk: method("Talk", { requestStream: true, replyStream: true, repeat: "resumes" }),
    /** Goes to the owner of the key. */
    change: method("Change", { ...unary, repeat: "keyed", route: byKey }),
    /** Goes to the owner of the first request's key. */
    edit: method("Edit", { requestStream: true, replyStream: true, repeat: "keyed", route: byKey }),
  },
} satisfies ServiceDescription;
