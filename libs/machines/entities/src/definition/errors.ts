import { defineErrors } from "@tutti/kernel";
import { latest } from "./state.ts";

/** Errors that a definition returns. */
export const definitionErrors = defineErrors("definition", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No definition has this name, or it has no such version. List the definitions.",
    message: ({ name, version }: { name: string; version: string }) =>
      `Definition \`${name}\` not found${version === latest ? "" : ` in version ${version}`}`,
    remedy: ({ name, version, known = [] }: { name: string; version: string; known?: readonly string[] }) =>
      version === latest
        ? "List the workflows with `tutti workflow list`, or register it with `tutti workflow register FILE`."
        : `${known.length === 0 ? "" : `Newest versions: ${known.join(", ")}. `}List its versions with \`tutti workflow versions ${name}\`.`,
  },
  versionAmbiguous: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Several versions of the definition start with these characters. A longer start of the hash selects one of them.",
    message: ({ name, version, hashes }: { name: string; version: string; hashes: readonly string[] }) =>
      `Several versions of definition \`${name}\` start with ${version}: ${hashes.join(", ")}`,
    remedy: "Write more characters of the hash.",
  },
  versionsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A definition has a maximum number of versions. Register further versions under another name.",
    message: ({ name, max }: { name: string; max: number }) =>
      `Definition \`${name}\` has the maximum of ${max} versions`,
    remedy: "Register it under another name.",
  },
  labelsFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A definition has a limited number of version labels. Remove some.",
    message: ({ name, max }: { name: string; max: number }) =>
      `Definition \`${name}\` has more than the maximum of ${max} version labels`,
    remedy: "Remove some labels.",
  },
  rolloutOfLatest: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The latest version receives all new runs that no other version receives. To reduce its share, roll out another version.",
    message: ({ name, version }: { name: string; version: string }) =>
      `Version ${version} of definition \`${name}\` is the latest one, so it takes all other new runs`,
    remedy: "Roll out another version, or pass 100.",
  },
  rolloutPending: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Processes of an earlier release, which cannot divide new runs, share the definitions. A minute after the last of them is replaced they can.",
    message: ({ name }: { name: string }) =>
      `New runs of definition \`${name}\` cannot be divided, because processes of an earlier release run or \`ownership.behaviour.hold\` is set`,
    remedy: "Replace these processes, then retry.",
  },
  latestStays: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "By default a run starts the version with the label `latest`. You can move this label, but not remove it.",
    message: ({ name }: { name: string }) =>
      `The label \`latest\` of definition \`${name}\` cannot be removed`,
    remedy: "Point it to another version, or archive the definition.",
  },
});
