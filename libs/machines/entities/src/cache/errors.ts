import { defineErrors } from "@tutti/kernel";

/** Refusals of the cache. */
export const cacheErrors = defineErrors("cache", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The entry has no output: it has expired, was invalidated, or was never stored.",
    message: ({ id }: { id: string }) => `Entry \`${id}\` of the cache not found`,
    remedy: "List entries with `tutti cache list`.",
  },
  conditionWanted: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An invalidation names a tag, a capability, a worker or a run. All entries are invalidated only with `all`.",
    message: () => "The invalidation has no condition",
    remedy: "Set a tag, a capability, a worker or a run, or set `all`.",
  },
});
