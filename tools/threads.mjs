// @ts-check

/** Files that start a thread, the file of the thread, and its name in a bundle. */
export const threads = [
  {
    startedBy: "libs/journal/src/segments/worker-host.ts",
    file: "libs/journal/src/segments/worker.ts",
    name: "journal-worker",
  },
  {
    startedBy: "libs/journal/src/archive/sqlite/thread/archive-thread.ts",
    file: "libs/journal/src/archive/sqlite/thread/worker.ts",
    name: "archive-worker",
  },
  {
    startedBy: "apps/governance/src/audit/thread/audit-thread.ts",
    file: "apps/governance/src/audit/thread/worker.ts",
    name: "audit-worker",
  },
  {
    startedBy: "apps/insight/src/series/thread/series-thread.ts",
    file: "apps/insight/src/series/thread/worker.ts",
    name: "series-worker",
  },
  {
    startedBy: "apps/insight/src/facts/thread/fact-thread.ts",
    file: "apps/insight/src/facts/thread/worker.ts",
    name: "facts-worker",
  },
  {
    startedBy: "apps/insight/src/facts/query/query-process.ts",
    file: "apps/insight/src/facts/query/process.ts",
    name: "facts-query",
  },
  {
    startedBy: "libs/validation/src/thread/check-thread.ts",
    file: "libs/validation/src/thread/worker.ts",
    name: "check-worker",
  },
];
