// @ts-check

// An SSH server for tests, on a free port of this machine, with a separate folder and keys. One user signs in with a
// key. It ends with the process that started it.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../libs/nats/src/local/ports.ts";

const isRoot = process.getuid?.() === 0;
/** Without root, the server serves only the present user, without passwords. As root, it gets a user of its own. */
export const user = isRoot ? "tutti-files" : userInfo().username;
export const password = isRoot ? "sesame-2b7e" : "";
export const passphrase = "sesame-8c1d";
const userId = 65_534;
const serverId = 65_533;
const pollMs = 50;
const pollsMax = 200;

/** @param {string} program as `needsProgram("sshd")` finds it */
export async function startSshd(program) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-sshd-"));
  const files = join(folder, "files");
  mkdirSync(files);
  const { host, authorized, fingerprint, keys } = keysIn(folder);
  const port = await freePort();
  const configuration = join(folder, "sshd_config");
  writeFileSync(
    configuration,
    [
      ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${host}`, `AuthorizedKeysFile ${authorized}`],
      "StrictModes no",
      "UsePAM no",
      `PasswordAuthentication ${isRoot ? "yes" : "no"}`,
      "PidFile none",
      "LogLevel ERROR",
      "Subsystem sftp internal-sftp",
      "",
    ].join("\n"),
  );
  if (isRoot) chownSync(files, userId, userId);
  chmodSync(folder, 0o755);
  const command = isRoot ? withUser(program, folder) : [program];
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  const end = () => killGroup(child);
  const up = async () => {
    const [first = "", ...words] = [...command, "-D", "-e", "-f", configuration];
    const started = spawn(first, words, { stdio: ["ignore", "ignore", "pipe"], detached: true, cwd: folder });
    child = started;
    process.once("exit", end);
    let output = "";
    started.stderr?.setEncoding("utf8").on("data", (text) => {
      output = `${output}${text}`.slice(-4_000);
    });
    for (let polls = 0; !(await answers(port)); polls++) {
      if (started.exitCode !== null || polls === pollsMax)
        throw new Error(`${program} did not start (${started.exitCode}):\n${output}`);
      await pause(pollMs);
    }
  };
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    end();
    await ended;
  };
  await up();
  return {
    port,
    files,
    fingerprint,
    keys,
    /** @param {string} [inside] @param {string} [secret] */
    urlOf: (inside = "", secret = "") =>
      `sftp://${user}${secret && `:${secret}`}@127.0.0.1:${port}${files}${inside}`,
    up,
    kill,
    [Symbol.asyncDispose]: async () => {
      process.off("exit", end);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param {import("node:child_process").ChildProcess | undefined} child */
function killGroup(child) {
  try {
    if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/**
 * Creates the key of the server and keys of its user: a known one, one with a passphrase, and an unknown one.
 *
 * @param {string} folder
 */
function keysIn(folder) {
  /** @param {string} name @param {string} [phrase] */
  const keyOf = (name, phrase = "") => {
    const path = join(folder, name);
    const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", phrase, "-f", path]);
    if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr ?? made.error}`);
    return path;
  };
  const [host, known, locked, strange] = [
    ...[keyOf("host"), keyOf("known")],
    ...[keyOf("locked", passphrase), keyOf("strange")],
  ];
  const authorized = join(folder, "authorized");
  writeFileSync(authorized, [known, locked].map((key) => readFileSync(`${key}.pub`, "utf8")).join(""));
  const shown = spawnSync("ssh-keygen", ["-lf", `${host}.pub`], { encoding: "utf8" }).stdout;
  const read = (/** @type {string | undefined} */ path) => readFileSync(path ?? "", "utf8");
  return {
    host,
    authorized,
    fingerprint: shown.split(" ")[1] ?? "",
    keys: { known: read(known), locked: read(locked), strange: read(strange) },
  };
}

/**
 * Starts a program in namespaces with its own users. The users of the machine do not change. Its sessions end with it.
 *
 * @param {string} program
 * @param {string} folder
 */
function withUser(program, folder) {
  const hash = spawnSync("openssl", ["passwd", "-6", "-stdin"], {
    input: password,
    encoding: "utf8",
  }).stdout.trim();
  const [users, passwords] = [join(folder, "passwd"), join(folder, "shadow")];
  const shell = "/usr/sbin/nologin";
  const lines = [
    "root:x:0:0:root:/root:/bin/sh",
    `sshd:x:${serverId}:${serverId}::/run/sshd:${shell}`,
    `${user}:x:${userId}:${userId}::/:${shell}`,
  ];
  writeFileSync(users, `${lines.join("\n")}\n`);
  writeFileSync(passwords, `root:*:1::::::\nsshd:*:1::::::\n${user}:${hash}:1::::::\n`, { mode: 0o600 });
  const mounts = [
    ...[`mount --bind '${users}' /etc/passwd`, `mount --bind '${passwords}' /etc/shadow`],
    ...["mount -t tmpfs tmpfs /run", "mkdir -m 755 /run/sshd"],
  ];
  return [
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "sh",
    "-c",
    `${mounts.join(" && ")} && exec "$@"`,
    "sshd",
    program,
  ];
}

/** @param {number} port */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
