export type { ConnectionSettings, Credentials, TlsFiles } from "./connection/client-options.ts";
export {
  NatsConnection,
  type NatsConnectionOptions,
} from "./connection/nats-connection.ts";
export type { NatsPorts } from "./connection/ports.ts";
export type { ReconnectingSubscription as KeptSubscription } from "./connection/reconnecting-subscriptions.ts";
export { type ConnectionState, disconnectReason } from "./connection/state.ts";
export { isServerAccepted, leastServerVersion } from "./connection/version.ts";
export { natsErrorOf, natsErrors, wrongRevisionOf } from "./errors.ts";
export { Bucket, type BucketEntry, type BucketOptions, openBucket, type Written } from "./kv/bucket.ts";
export { FollowedBucket, type FollowedBucketOptions } from "./kv/followed-bucket.ts";
export type { BucketChange, Watch, WatchOptions } from "./kv/watch.ts";
export { connectionSettings, type NatsSectionValues, natsSection } from "./settings.ts";
export { type Delivered, deliveredOf } from "./streams/delivered.ts";
export {
  OrderedReader,
  type OrderedReaderOptions,
  type ReadFrom,
  type StreamFacts,
} from "./streams/ordered-reader.ts";
export { Puller, type PullerOptions } from "./streams/puller.ts";
