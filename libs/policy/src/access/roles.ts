import type { Role } from "@tutti/contracts/governance/v1";

/** The namespace whose roles, policies and bindings apply to every namespace. */
export const systemNamespace = "system";

const everywhere = (role: string, description: string, actions: string[]): Role => ({
  namespace: systemNamespace,
  role,
  description,
  actions,
  readyMade: true,
  labels: {},
  revision: "",
  updateCause: undefined,
});

const seeing = [
  ...["*.get", "*.list", "*.watch", "*.search", "*.count", "*.find", "*.query", "*.history", "*.preview"],
  ...["*.view", "*.compare", "governance.principals.get_myself"],
];

/** Roles that every installation has. */
export const builtInRoles: readonly Role[] = [
  everywhere("viewer", "Reads everything. Changes nothing.", seeing),
  everywhere(
    "operator",
    "Reads everything, and controls running work: pauses, resumes, cancels, retries, decides.",
    [
      ...seeing,
      "workflow.runs.*",
      "workflow.tasks.*",
      "workflow.approvals.*",
      "workflow.limits.*",
      "workflow.schedules.*",
      "workflow.triggers.*",
      "workflow.objects.*",
      "workflow.cache.*",
      "workflow.events.*",
      ...["swarm.missions.*", "swarm.approvals.*", "swarm.agents.*", "swarm.pools.*", "swarm.limits.*"],
      "swarm.inboxes.delegate",
      ...["session.sessions.*", "session.locks.*", "insight.*"],
    ],
  ),
  everywhere("developer", "Writes definitions, hooks and scalers, and runs them.", [
    ...[...seeing, "workflow.*", "swarm.*", "session.*", "intelligence.*", "insight.*"],
  ]),
  everywhere("admin", "May do everything.", ["*"]),
  everywhere("agent", "Links, takes tasks, and works on what it was given.", [
    ...["agent.*", "swarm.tasks.*", "swarm.entries.*", "swarm.messages.*", "swarm.budgets.*"],
    ...["swarm.votes.*", "swarm.missions.get", "swarm.missions.watch", "swarm.missions.join"],
    ...["swarm.missions.leave", "swarm.missions.participate", "workflow.tasks.add"],
    ...["governance.principals.get_myself", "insight.measures.record"],
  ]),
  everywhere("auditor", "Reads and proves the audit, and reads roles and policies.", [
    ...seeing,
    "governance.records.export",
    "governance.records.prove",
    "governance.checkpoints.*",
    "governance.decisions.ask",
    "governance.reports.*",
  ]),
];
