import { defineErrors } from "@tutti/kernel";

/** Why a definition says no. */
export const definitionErrors = defineErrors("definition", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no definition of this name, or it has no such version. List what there is.",
    message: ({ name, version }: { name: string; version: string }) =>
      `expected the definition ${name} in the version ${version}, found none; register it first, or name another`,
  },
  versionsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A definition keeps a limited number of versions. Go on under another name.",
    message: ({ name, max }: { name: string; max: number }) =>
      `expected fewer than ${max} versions of the definition ${name}, found as many; register it under another name`,
  },
  labelsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A definition has a limited number of version labels. Remove some.",
    message: ({ name, max }: { name: string; max: number }) =>
      `expected at most ${max} version labels of the definition ${name}, found more; remove some`,
  },
  latestStays: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The label `latest` is what is started when nothing else is said: it can be moved and not removed.",
    message: ({ name }: { name: string }) =>
      `expected another version for \`latest\` of ${name}, found none; point it to one, or archive the definition`,
  },
});
