import type { Argument, Command, Option } from "../declaration.ts";
import { all, page, reason, size } from "./options.ts";

const name: Argument = { name: "NAME", summary: "the lock" };
const holder: Option = {
  name: "holder",
  value: "ID",
  summary: "who holds it: unique per acquisition, the same when it is asked for again",
};
const reading = () => import("../../commands/lock-read.ts");
const writing = () => import("../../commands/lock-write.ts");

export const lockCommands: readonly Command[] = [
  {
    name: "lock list",
    group: "installation",
    summary: "locks that are held or set: who holds them, how many wait",
    options: [
      { name: "prefix", value: "TEXT", summary: "whose names begin like this" },
      { name: "contended", summary: "that somebody waits for" },
      {
        name: "held-by",
        value: "KIND/ID",
        summary: "that this session, run or mission holds: session/ses_1",
      },
      size,
      page,
      all,
    ],
    json: "document",
    load: () => reading().then(({ listLocks }) => listLocks),
  },
  {
    name: "lock show",
    group: "installation",
    summary: "a lock: who holds it until when, and who waits",
    arguments: [name],
    json: "document",
    load: () => reading().then(({ showLock }) => showLock),
  },
  {
    name: "lock acquire",
    group: "installation",
    summary: "hold a lock until its lease runs out or it is released; prints the fencing token",
    arguments: [name],
    options: [
      holder,
      { name: "permits", value: "N", summary: "so many of a semaphore's permits (1)" },
      { name: "shared", summary: "with others that share it" },
      { name: "lease", value: "SPAN", summary: "until it is given to others, unless asked for again (30s)" },
      { name: "wait", value: "SPAN", summary: "wait for it, at most a minute (not at all)" },
      { name: "priority", value: "N", summary: "greater is more urgent, from -100 to 100 (0)" },
      {
        name: "work",
        value: "KIND/ID",
        summary: "for this session, run or mission, with whose end it is given back",
      },
    ],
    examples: [
      { words: "lock acquire printer --holder me --wait 30s -q", does: "its token, when it is free" },
    ],
    json: "document",
    load: () => writing().then(({ acquireLock }) => acquireLock),
  },
  {
    name: "lock release",
    group: "installation",
    summary: "give a lock back",
    arguments: [name],
    options: [holder, { name: "token", value: "N", summary: "only if it is held under this token" }],
    json: "document",
    load: () => writing().then(({ releaseLock }) => releaseLock),
  },
  {
    name: "lock set",
    group: "installation",
    summary: "how many permits a lock has: one makes it a lock, more a semaphore",
    arguments: [name, { name: "PERMITS", summary: "how many" }],
    options: [reason],
    json: "document",
    load: () => writing().then(({ setLock }) => setLock),
  },
  {
    name: "lock break",
    group: "installation",
    summary: "take a lock away from a holder that is dead",
    arguments: [name, { name: "HOLDER", summary: "who holds it" }],
    options: [reason],
    json: "document",
    load: () => writing().then(({ breakLock }) => breakLock),
  },
  {
    name: "lock deadlocks",
    group: "installation",
    summary: "deadlocks that were found: the circle, who gave way, and why",
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listDeadlocks }) => listDeadlocks),
  },
];
