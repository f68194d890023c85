// @ts-check

// An IMAP server for tests, on a free port of this machine, with its mails in a separate folder. All users exist, with
// the same password. It ends with the process that started it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../libs/nats/src/local/ports.ts";

export const password = "sesame-4f6a";
/** A user without files. */
const nobody = 65_534;
const pollMs = 50;
const pollsMax = 200;

/**
 * @param {string} program as `needsProgram("dovecot")` finds it
 * @param {{ cert: string, key: string } | undefined} [tls] files. Without them, the server has no TLS
 */
export async function startDovecot(program, tls) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-dovecot-"));
  const mails = join(folder, "mails");
  mkdirSync(mails);
  chownSync(mails, nobody, nobody);
  // Its processes do not run as root.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const configuration = join(folder, "dovecot.conf");
  writeFileSync(configuration, configurationOf({ folder, mails, port, tls }));
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  // Its processes are a group, which ends with it.
  const end = () => {
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  const up = async () => {
    // The processes of a killed one may hold its sockets for a moment, and Dovecot then does not start.
    rmSync(join(folder, "run"), { recursive: true, force: true });
    const started = spawn(program, ["-F", "-c", configuration], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    child = started;
    process.once("exit", end);
    let output = "";
    started.stderr.setEncoding("utf8").on("data", (text) => {
      output = `${output}${text}`.slice(-4_000);
    });
    for (let polls = 0; !(await answers(port)); polls++) {
      if (started.exitCode !== null || polls === pollsMax)
        throw new Error(`${program} did not start (${started.exitCode}):\n${output}`);
      await pause(pollMs);
    }
  };
  const kill = async () => {
    const ending = child;
    if (ending === undefined) return;
    const ended = once(ending, "exit");
    end();
    child = undefined;
    process.off("exit", end);
    await ended;
    for (let polls = 0; polls < pollsMax && (await answers(port)); polls++) await pause(pollMs);
  };
  await up();
  return {
    port,
    /** Kills it immediately, like the loss of a machine. Keeps port and files. */
    kill,
    /** Starts it again. */
    up,
    /** Ends it and removes its files. */
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** @param {{ folder: string, mails: string, port: number, tls: { cert: string, key: string } | undefined }} where */
function configurationOf({ folder, mails, port, tls }) {
  const secure = tls === undefined ? "ssl = no" : `ssl = yes\nssl_cert = <${tls.cert}\nssl_key = <${tls.key}`;
  return `base_dir = ${join(folder, "run")}
protocols = imap
listen = 127.0.0.1
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
disable_plaintext_auth = no
log_path = /dev/stderr
mail_location = maildir:${mails}/%u
stats_writer_socket_path =
${secure}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
namespace inbox {
  inbox = yes
  mailbox Done {
    auto = create
  }
  mailbox Failed {
    auto = create
  }
}
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${nobody} gid=${nobody} home=${mails}/%u
}
`;
}

/** @param {number} port @returns {Promise<boolean>} whether it greets */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
