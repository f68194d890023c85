export { jetstreamErrors } from "./errors.ts";
export { importJournal, type JournalImport } from "./importing.ts";
export type { JetStreamJournal } from "./jetstream-journal.ts";
export { streamOf } from "./names.ts";
export { type JetStreamOptions, type OpenedJetStream, openJetStream } from "./open.ts";
