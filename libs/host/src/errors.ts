import { defineErrors } from "@tutti/kernel";

export const hostErrors = defineErrors("host", {
  dataDirectoryLocked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A data directory belongs to one process at a time. Stop the other process, or give this one another directory.",
    message: ({ directory, pid, since }: { directory: string; pid: string; since: string }) =>
      `expected the data directory ${directory} to be free, found it locked by the process ${pid} since ${since}; stop that process, or set platform.dataDirectory to another directory`,
  },
  dataDirectoryUnusable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The process has to be able to make and write the data directory. Mend its permissions, or choose another one.",
    message: ({ directory, reason }: { directory: string; reason: string }) =>
      `expected to be able to write the data directory ${directory}, found: ${reason}; mend that, or set platform.dataDirectory to another directory`,
  },
});
