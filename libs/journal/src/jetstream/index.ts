export { jetstreamErrors } from "./errors.ts";
export type { JetStreamJournal } from "./jetstream-journal.ts";
export { streamOf } from "./names.ts";
export { type JetStreamOptions, type OpenedJetStream, openJetStream } from "./open.ts";
