/** Other systems as capabilities of a worker. */
export {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  addAdapter,
  checkAdapter,
  type RateLimit,
  type Repeat,
  type SecretReference,
} from "./adapter.ts";
export { type AmqpAdapterOptions, type AmqpOperation, amqpAdapter } from "./amqp/amqp.ts";
export type { AmqpConnectionOptions } from "./amqp/connection.ts";
export { type AmqpMessage, type AmqpSourceOptions, amqpSource } from "./amqp/source.ts";
export { type AsyncApiAdapter, type AsyncApiOptions, asyncApiAdapter } from "./asyncapi.ts";
export { type AdapterProblem, adapterProblems, type ConformanceOptions, type Sample } from "./conformance.ts";
export { type Answers, adapterDouble } from "./double.ts";
export { adapterErrors } from "./errors.ts";
export { type FolderOptions, folderAdapter, folderSource } from "./files/folder.ts";
export type { FileEntry, FilesOptions } from "./files/place.ts";
export { type S3Options, s3Adapter, s3Source } from "./files/s3.ts";
export { type SftpOptions, sftpAdapter, sftpSource } from "./files/sftp.ts";
export type { ClaimedFile, FilesSourceOptions } from "./files/source.ts";
export type { GitCommit } from "./git/commits.ts";
export { type GitAdapterOptions, gitAdapter } from "./git/git.ts";
export type { GitConnectionOptions } from "./git/repository.ts";
export { type GitSourceOptions, gitSource } from "./git/source.ts";
export type { GrpcContract } from "./grpc/contract.ts";
export { type GrpcAdapterOptions, grpcAdapter } from "./grpc/grpc.ts";
export type { HttpAuth, OAuth2 } from "./http/auth.ts";
export { type GraphqlAdapterOptions, type GraphqlOperation, graphqlAdapter } from "./http/graphql.ts";
export { type HttpAdapterOptions, type HttpOperation, httpAdapter } from "./http/http.ts";
export { type IntrospectedGraphqlOptions, introspectedGraphql } from "./http/introspection.ts";
export type { AnswerType, HttpBody, HttpParameter } from "./http/message.ts";
export type { Pagination } from "./http/pages.ts";
export type { HttpTls } from "./http/wire.ts";
export type { KafkaConnectionOptions } from "./kafka/connection.ts";
export { type KafkaAdapterOptions, type KafkaOperation, kafkaAdapter } from "./kafka/kafka.ts";
export { type KafkaRecord, type KafkaSourceOptions, kafkaSource } from "./kafka/source.ts";
export { type ImapSourceOptions, imapSource, type Mail } from "./mail/imap.ts";
export { type SmtpAdapterOptions, smtpAdapter } from "./mail/smtp.ts";
export type { NatsConnectionOptions } from "./nats/connection.ts";
export { type NatsAdapterOptions, type NatsOperation, natsAdapter } from "./nats/nats.ts";
export { type NatsMessage, type NatsSourceOptions, natsSource } from "./nats/source.ts";
export { type MethodOf, type ObjectAdapterOptions, type ObjectOperation, objectAdapter } from "./object.ts";
export { readDocument } from "./openapi/document.ts";
export {
  type OpenApiAdapter,
  type OpenApiOptions,
  openApiAdapter,
  type SkippedOperation,
} from "./openapi/openapi.ts";
export type { ConnectionOptions } from "./postgres/connections.ts";
export { type OutboxRow, type PostgresOutboxOptions, postgresOutbox } from "./postgres/outbox.ts";
export {
  type PostgresAdapterOptions,
  type PostgresOperation,
  postgresAdapter,
} from "./postgres/postgres.ts";
export {
  type PrometheusAdapterOptions,
  type PrometheusAlert,
  type PrometheusConnectionOptions,
  type PrometheusOperation,
  type PrometheusRange,
  prometheusAdapter,
} from "./prometheus/prometheus.ts";
export { type PrometheusSourceOptions, prometheusSource } from "./prometheus/source.ts";
export { type BullmqQueueOptions, bullmqQueue } from "./queues/bullmq.ts";
export { type CeleryQueueOptions, celeryQueue } from "./queues/celery.ts";
export { type MovedMessages, type MovedQueue, type MoveQueueOptions, moveQueue } from "./queues/move.ts";
export { type PostgresTableOptions, postgresTable } from "./queues/postgres-table.ts";
export type { RedisEntry } from "./redis/command.ts";
export type { RedisConnectionOptions } from "./redis/connection.ts";
export { type RedisAdapterOptions, type RedisOperation, redisAdapter } from "./redis/redis.ts";
export { type RedisSourceOptions, redisSource } from "./redis/source.ts";
export type { RunStarter, Source, SourceRunOptions, SourceStart } from "./source.ts";
export { type SqliteAdapterOptions, type SqliteOperation, sqliteAdapter } from "./sqlite.ts";
