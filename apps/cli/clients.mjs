// @ts-check

/** Clients of other systems that adapters import on first use. The project of the user installs those of its adapters. */
export const clientPackages = [
  "pg",
  "@redis/client",
  "@nats-io/transport-node",
  "@nats-io/jetstream",
  "amqplib",
  "@platformatic/kafka",
  "imapflow",
  "ssh2",
];
