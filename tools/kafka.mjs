// @ts-check

// A Kafka cluster for tests, in the memory of a process that ends with the process that started it. It speaks Kafka's
// protocol, without users and TLS.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("kafka.py", import.meta.url));

/** @param {string} program as `needsProgram("python3-kafka")` finds it */
export async function startKafka(program) {
  const child = spawn(program, [script], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = child.stdout.setEncoding("utf8")[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the Kafka cluster exited with code ${child.exitCode}`);
    return String(value).trim();
  };
  const address = await next();
  /** @param {string} words */
  const print = async (words) => {
    child.stdin.write(`${words}\n`);
    await next();
  };
  return {
    address,
    url: `kafka://${address}`,
    /** @param {string} name @param {number} partitions */
    topic: (name, partitions = 1) => print(`topic ${name} ${partitions}`),
    /** Answers each request about a topic with this protocol error. @param {string} name @param {number} code */
    fail: (name, code) => print(`error ${name} ${code}`),
    /** Answers the next requests of an API with these errors. @param {number} api @param {number[]} codes */
    failNext: (api, ...codes) => print(`errors ${api} ${codes.join(" ")}`),
    /** Closes its connections. Port and records remain. */
    kill: () => print("down"),
    up: () => print("up"),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
