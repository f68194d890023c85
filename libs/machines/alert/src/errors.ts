import { defineErrors } from "@tutti/kernel";

/** Refusals of the alerts of a namespace. */
export const alertErrors = defineErrors("alert", {
  ruleMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no alert rule with this id.",
    message: ({ id }: { id: string }) => `Alert rule \`${id}\` not found`,
    remedy: "List the alert rules of the namespace and correct the id.",
  },
  ruleMoved: {
    status: "ABORTED",
    retry: "never",
    help: "The alert rule changed after you read it.",
    message: ({ id, revision, found }: { id: string; revision: number; found: number }) =>
      `Alert rule \`${id}\` is at revision ${found}, not ${revision}`,
    remedy: "Read the rule again and retry.",
  },
  ruleBuiltIn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Built-in alert rules cannot be deleted.",
    message: ({ id }: { id: string }) => `Alert rule \`${id}\` is built in`,
    remedy: "Set `disabled` in the rule.",
  },
  onCallMoved: {
    status: "ABORTED",
    retry: "never",
    help: "The rotation or escalation policy changed after you read it.",
    message: ({ what, id, revision, found }: { what: string; id: string; revision: number; found: number }) =>
      `The ${what} \`${id}\` is at revision ${found}, not ${revision}`,
    remedy: "Read it again and retry.",
  },
  inUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A rotation that an escalation policy uses cannot be deleted, and neither can a policy that an alert rule uses.",
    message: ({ what, by }: { what: string; by: string }) => `${what} is used by ${by}`,
    remedy: "Change the policy or rule that uses it first.",
  },
  alertMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no alert with this id, or the alert has ended.",
    message: ({ id }: { id: string }) => `Firing alert \`${id}\` not found`,
    remedy: "List the alerts of the namespace and correct the id.",
  },
  silenceMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no silence with this id, or the silence has ended.",
    message: ({ id }: { id: string }) => `Silence \`${id}\` not found`,
    remedy: "List the silences of the namespace and correct the id.",
  },
  incidentMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no incident with this id. The oldest resolved incidents are deleted when there are more than 200.",
    message: ({ id }: { id: string }) => `Incident \`${id}\` not found`,
    remedy: "List the incidents of the namespace and correct the id.",
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The rule, silence, rotation or escalation policy is not complete, or exceeds a limit.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A namespace keeps a limited number of alert rules, silences, rotations and escalation policies.",
    message: ({ what, max }: { what: string; max: number }) => `The maximum of ${max} ${what} is reached`,
    remedy: "Remove one that you do not need.",
  },
  deliveryUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The result of a delivery must have the token of the attempt that was requested.",
    message: () => "The token of the result belongs to no delivery in progress",
    remedy: "Send the result with the token of the attempt.",
  },
});
