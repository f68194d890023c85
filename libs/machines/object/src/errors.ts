import { defineErrors } from "@tutti/kernel";

/** Refusals of a keyed object. */
export const objectErrors = defineErrors("object", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No call with this key has been made. An object exists from its first call on.",
    message: ({ name, key }: { name: string; key: string }) => `Object \`${name}\` has no key \`${key}\``,
    remedy: "List keys with `tutti object list`.",
  },
  callInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A call of an object must name the run that makes it.",
    message: ({ id }: { id: string }) => `A call of object \`${id}\` names no run`,
    remedy: "Start the workflow of the object instead.",
  },
  queueFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The maximum number of calls waits for the object. The run retries automatically.",
    message: ({ name, key, max }: { name: string; key: string; max: number }) =>
      `${max} calls wait for object \`${name}\` with key \`${key}\``,
    remedy: "Wait until some of them have ended.",
  },
});
