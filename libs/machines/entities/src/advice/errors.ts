import { defineErrors } from "@tutti/kernel";

function subjectText(subject: string): string {
  return subject.startsWith("pool:")
    ? `pool \`${subject.slice("pool:".length)}\``
    : `workflow \`${subject}\``;
}

/** Refusals of advice. */
export const adviceErrors = defineErrors("advice", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No recommendation has this id. The oldest recommendations are removed when there are too many.",
    message: ({ id }: { id: string }) => `Recommendation \`${id}\` not found`,
    remedy: "List recommendations with `tutti advice list`.",
  },
  notOpen: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only an open recommendation can be applied or dismissed.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Recommendation \`${id}\` is not open: it is ${status}`,
    remedy: "List open recommendations with `tutti advice list`.",
  },
  overtaken: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The recommendation is about an earlier version of the workflow, or another strategy of the pool.",
    message: ({ id, subject }: { id: string; subject: string }) =>
      `Recommendation \`${id}\` is about an earlier version of ${subjectText(subject)}`,
    remedy: "Search again with `tutti advice find`.",
  },
  onTrial: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only one recommendation of a workflow can be on trial at a time. Two trials at once would mix their effects.",
    message: ({ id, other, subject }: { id: string; other: string; subject: string }) =>
      `Recommendation \`${id}\` cannot be tried, because \`${other}\` is on trial for ${subjectText(subject)}`,
    remedy: "Wait for the end of the trial, or dismiss the other recommendation.",
  },
  manual: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The change needs something that only a user can change, such as the code of a worker.",
    message: ({ id, change }: { id: string; change: string }) =>
      `Recommendation \`${id}\` cannot be applied automatically: ${change}`,
    remedy: "Make the change, register the workflow, then dismiss the recommendation.",
  },
  divided: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A user divides new runs of the workflow between two versions. A trial needs the same division.",
    message: ({ subject }: { subject: string }) =>
      `New runs of workflow \`${subject}\` are already divided between two versions`,
    remedy: "End the rollout with `tutti workflow rollout`, then retry.",
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request about advice is invalid.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request.",
  },
});
