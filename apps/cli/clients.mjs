// @ts-check

/** Clients of other systems that adapters import on first use. A user's project installs the clients of its adapters. */
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
