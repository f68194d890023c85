export { jetstreamErrors } from "./errors.ts";
export type { JetStreamJournal } from "./jetstream-journal.ts";
export { type JetStreamOptions, type OpenedJetStream, openJetStream } from "./open.ts";
export { streamOf } from "./streams.ts";
