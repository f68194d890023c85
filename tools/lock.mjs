// @ts-check

// A lock between processes: set-up and the cache of programs are shared by everything that runs on this machine.
//
// The lock is a file that names its holder. A dead holder is recognised by its process id, so a crash needs no manual
// clean-up. A second lock guards the removal of a dead holder's lock. Otherwise two waiters that saw the same dead
// holder could each remove a lock, and the second would remove the valid lock of the first.
//
// Runs on Node 18 without dependencies.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";

const pollMs = 100;
const foreignHolderMs = 15 * 60_000;
const breakerMs = 10_000;

/**
 * Runs `work` while holding the lock at `file`. Waits for the current holder.
 *
 * @template T
 * @param {string} file
 * @param {() => Promise<T> | T} work
 * @param {(holder: string) => void} [onWait] called once, while another process holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  let isReported = false;
  while (!take(file)) {
    const holder = readHolder(file);
    if (holder !== undefined && isRemoved(holder, file)) {
      breakLock(file, holder.text);
      continue;
    }
    if (!isReported && holder !== undefined) {
      isReported = true;
      onWait?.(`process ${holder.pid}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, `${process.pid} ${hostname()}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file */
function readHolder(file) {
  try {
    const text = readFileSync(file, "utf8");
    const [pid, host] = text.trim().split(" ");
    return { text, pid: Number(pid), host };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * @param {{ text: string, pid: number, host: string | undefined }} holder
 * @param {string} file
 */
function isRemoved(holder, file) {
  const written = holder.text.endsWith("\n");
  if (!written || holder.host !== hostname()) return ageMs(file) > (written ? foreignHolderMs : breakerMs);
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/**
 * @param {string} file
 * @param {string} seen the text of the dead holder. Any other text is of a living holder
 */
function breakLock(file, seen) {
  const guard = `${file}.breaking`;
  if (!take(guard)) {
    if (ageMs(guard) > breakerMs) rmSync(guard, { force: true });
    return;
  }
  try {
    if (readHolder(file)?.text === seen) rmSync(file, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

/** @param {string} file */
function ageMs(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
