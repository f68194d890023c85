import type { Argument, Command, Option } from "../../command/declaration.ts";
import { all, page, prefix, reason, size, yes } from "../../command/options.ts";

const name: Argument = { name: "NAME", summary: "lock name" };
const holder: Option = {
  name: "holder",
  value: "ID",
  summary: "id of the holder, unique per acquisition. Repeat it to renew",
};
const reading = () => import("./read.ts");
const writing = () => import("./write.ts");

export const lockCommands: readonly Command[] = [
  {
    name: "lock list",
    group: "installation",
    summary: "List locks with holders and waiters",
    options: [
      prefix,
      { name: "contended", summary: "only those with waiters" },
      {
        name: "held-by",
        value: "KIND/ID",
        summary: "only locks held by this session, run or mission: session/ses_1",
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
    summary: "Show a lock with holders, expiry and waiters",
    arguments: [name],
    json: "document",
    load: () => reading().then(({ showLock }) => showLock),
  },
  {
    name: "lock acquire",
    group: "installation",
    summary: "Acquire a lock and print the fencing token",
    arguments: [name],
    options: [
      holder,
      { name: "permits", value: "N", summary: "number of permits. Default: 1" },
      { name: "shared", summary: "share the lock with other shared holders" },
      { name: "lease", value: "SPAN", summary: "lease duration. Acquire again to renew. Default: 30s" },
      {
        name: "timeout",
        value: "SPAN",
        summary: "stop waiting after this duration: 30s, 5m. Maximum: 1m. Default: 0",
      },
      { name: "priority", value: "N", summary: "priority from -100 to 100. Default: 0" },
      { name: "work", value: "KIND/ID", summary: "release the lock when this session, run or mission ends" },
    ],
    examples: [
      {
        words: "lock acquire printer --holder me --timeout 30s -q",
        does: "wait up to 30 s and print the token",
      },
    ],
    json: "document",
    load: () => writing().then(({ acquireLock }) => acquireLock),
  },
  {
    name: "lock release",
    group: "installation",
    summary: "Release a lock",
    arguments: [name],
    options: [
      holder,
      { name: "token", value: "N", summary: "release only if the lock has this fencing token" },
    ],
    json: "document",
    load: () => writing().then(({ releaseLock }) => releaseLock),
  },
  {
    name: "lock set",
    group: "installation",
    summary: "Set the number of permits of a lock. More than one makes it a semaphore",
    arguments: [name, { name: "PERMITS", summary: "number of permits" }],
    options: [reason],
    json: "document",
    load: () => writing().then(({ setLock }) => setLock),
  },
  {
    name: "lock break",
    group: "installation",
    summary: "Break the lock of a dead holder",
    arguments: [name, { name: "HOLDER", summary: "id of the holder" }],
    options: [reason, yes],
    confirm: (values) => `Break lock ${values.argument("NAME")}, held by ${values.argument("HOLDER")}?`,
    json: "document",
    load: () => writing().then(({ breakLock }) => breakLock),
  },
  {
    name: "lock deadlocks",
    group: "installation",
    summary: "List deadlocks with their cycle and the chosen victim",
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listDeadlocks }) => listDeadlocks),
  },
];
