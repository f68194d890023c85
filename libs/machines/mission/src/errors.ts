import { counted, defineErrors } from "@tutti/kernel";

/** Why a mission says no, to its callers, and why its tasks fail when no agent said so. */
export const missionErrors = defineErrors("mission", {
  missionMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no mission with this id in the namespace, or it was removed after its retention.",
    message: ({ id }: { id: string }) =>
      `expected the mission ${id}, found none; start it, or correct the id`,
  },
  missionConflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A mission with this id was started with something else. The same start again gives the same mission.",
    message: ({ id }: { id: string }) =>
      `expected the start of ${id} as it was the first time, found another specification; choose another id`,
  },
  missionEnded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What was asked needs a mission that has not ended. Its status is in the message.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected the mission ${id} to be going on, found it ${status}; look at the mission before you go on`,
  },
  missionGoesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A mission is removed once it has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `expected the mission ${id} to have ended, found it ${status}; cancel or terminate it before it is removed`,
  },
  orderInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a mission is started with is within bounds, and its expressions compile.",
    message: ({ problem }: { problem: string }) => `${problem}; correct what the mission is started with`,
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "Somebody asked the mission to end.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `cancelled by ${by}${reason === "" ? "" : `: ${reason}`}`,
  },
  terminated: {
    status: "CANCELLED",
    retry: "never",
    help: "Somebody ended the mission at once.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `terminated by ${by}${reason === "" ? "" : `: ${reason}`}`,
  },
  withdrawn: {
    status: "CANCELLED",
    retry: "never",
    help: "The mission is a child whose parent gave it up before it had begun. It does not begin.",
    message: ({ reason }: { reason: string }) => `given up before it began: ${reason}`,
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The mission took longer than its timeout.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `expected the mission ${id} to end within ${timeoutMs} ms, found it going on; give it more time`,
  },
  stopped: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A stop condition of the mission holds that makes it fail.",
    message: ({ condition }: { condition: string }) =>
      `expected the stop condition ${condition} not to hold, found that it does; look at what it is about`,
  },
  taskStopped: {
    status: "CANCELLED",
    retry: "never",
    help: "The mission ended, or what the task was a part of did.",
    message: ({ task, why }: { task: string; why: string }) => `${task} was stopped: ${why}`,
  },
  tasksFailed: {
    status: "ABORTED",
    retry: "never",
    help: "A task of the mission failed for good. The cause is its error.",
    message: ({ task }: { task: string }) =>
      `expected all tasks to do well, found that ${task} failed; see the cause`,
  },
  taskInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks have ids of their own, needs that come to an end, and expressions that compile.",
    message: ({ task, problem }: { task: string; problem: string }) =>
      `task ${task}: ${problem}; correct it and add the tasks again`,
  },
  taskExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Ids of tasks are unique in a mission.",
    message: ({ task }: { task: string }) =>
      `expected no task ${task} on the board, found one; choose another id`,
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission has no such task.",
    message: ({ id, task }: { id: string; task: string }) =>
      `expected a task ${task} in the mission ${id}, found none; list the tasks to see their ids`,
  },
  tooManyTasks: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A mission has a greatest number of tasks, `max_tasks`.",
    message: ({ found, max }: { found: number; max: number }) =>
      `expected at most ${max} tasks in the mission, found ${found} with these; start another mission for the rest`,
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A mission keeps tasks, entries and messages in memory, within bounds. Large values belong into the blob store.",
    message: ({ what, found, max }: { what: string; found: number; max: number }) =>
      `expected at most ${max} ${what}, found ${found} with this; put large values into the blob store, or remove some`,
  },
  notTakingPart: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Agents join a mission before they act in it.",
    message: ({ id, agent }: { id: string; agent: string }) =>
      `expected ${agent === "" ? "an agent" : agent} to take part in the mission ${id}, found that it does not; join first`,
  },
  roleUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The mission names the roles that there are.",
    message: ({ role, known }: { role: string; known: string }) =>
      `expected one of the roles ${known}, found ${role}; correct the role`,
  },
  roleFull: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "As many agents play the role, or take part, as may.",
    message: ({ what, max }: { what: string; max: number }) =>
      `expected fewer than ${max} agents in ${what}, found that many; wait until one leaves`,
  },
  roleUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Who plays a role offers its capabilities, and has labels that it asks for.",
    message: ({ agent, role, problem }: { agent: string; role: string; problem: string }) =>
      `expected ${agent} to be fit for the role ${role}, found ${problem}; join in another role`,
  },
  claimLost: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The claim ran out, was given back, or the task has ended. What bears it changes nothing any more.",
    message: ({ claim }: { claim: string }) =>
      `expected the claim ${claim} to hold, found that it does not; stop the work on it, and claim anew`,
  },
  claimExpired: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The task has lost as many agents as it may: it may be what kills them. It is not tried again. Read the log of an agent that the message names, fix the cause, then add the task again.",
    message: ({ task, losses }: { task: string; losses: readonly string[] }) =>
      `Task ${task} lost its agent ${counted(losses.length, "time")} and may be what kills them: ${losses.join("; ")}. Fix the cause, then add the task again.`,
  },
  attemptLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The agent of the attempt is gone, so its effect is unknown. The task has `retry: {onLost: fail}`, so it runs at most once. Check the effect, then add the task again if it is needed.",
    message: ({ task, loss }: { task: string; loss: string }) =>
      `Task ${task} lost its agent (${loss}) and runs at most once. Check its effect, then add the task again if it is needed.`,
  },
  taskTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "The task, or one attempt at it, took longer than it may.",
    message: ({ task, what, ms }: { task: string; what: string; ms: number }) =>
      `expected ${task} ${what} within ${ms} ms, found it going on; give it more time`,
  },
  attemptsExhausted: {
    status: "ABORTED",
    retry: "never",
    help: "A task has a greatest number of attempts in all.",
    message: ({ task, max }: { task: string; max: number }) =>
      `expected ${task} to end within ${max} attempts, found as many; correct what it does`,
  },
  expressionFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression could not be evaluated. The error has the expression, the place in it, and what it worked on.",
    message: ({ where, expression, problem }: { where: string; expression: string; problem: string }) =>
      `expected a value for ${where}, found: ${problem} in \`${expression}\`; guard it with has(), or correct what it reads`,
  },
  checkFailed: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The output of a task does not satisfy one of its checks.",
    message: ({ task, check }: { task: string; check: string }) =>
      `expected the output of ${task} to satisfy the check ${check}, found that it does not; see the check's condition`,
  },
  authorityTooWide: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A delegate may do no more than who delegates.",
    message: ({ problem }: { problem: string }) => `${problem}; delegate less`,
  },
  authorityOver: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The time for which the task was delegated is over.",
    message: ({ task }: { task: string }) =>
      `expected ${task} to end before its authority did, found it going on; delegate for longer`,
  },
  budgetShort: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The budget of the mission does not have so much left. A person may raise it.",
    message: ({ wanted, left }: { wanted: string; left: string }) =>
      `expected ${wanted} to be left in the budget, found ${left}; ask for less, or have the budget raised`,
  },
  budgetUsedUp: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The budget of the mission is used up.",
    message: ({ wanted, left }: { wanted: string; left: string }) =>
      `expected ${wanted} to be left in the budget for what is to begin, found ${left}; start the mission with more`,
  },
  reservationMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "What was set aside lapsed or was returned, or it never was.",
    message: ({ reservation }: { reservation: string }) =>
      `expected a reservation ${reservation}, found none; set something aside first`,
  },
  reservationShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "No more is spent than what was set aside.",
    message: ({ wanted, left }: { wanted: string; left: string }) =>
      `expected ${wanted} to be set aside, found ${left}; set more aside first`,
  },
  depthExceeded: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Missions and runs may start others only so deep.",
    message: ({ task }: { task: string }) =>
      `expected that ${task} may start another, found that the depth of the mission's budget is used up; allow more depth`,
  },
  childFailed: {
    status: "ABORTED",
    retry: "same-key",
    help: "The child that does the task did not end well. The cause is its error.",
    message: ({ task, child, status }: { task: string; child: string; status: string }) =>
      `expected ${child} to complete for ${task}, found it ${status}; see the cause`,
  },
  voteInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A vote has at least two options of different names, and weights that are not negative.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the vote`,
  },
  voteExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A vote with this id is there, and asks something else.",
    message: ({ vote }: { vote: string }) => `expected no vote ${vote}, found another one; choose another id`,
  },
  voteMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission has no such vote.",
    message: ({ vote }: { vote: string }) =>
      `expected a vote ${vote}, found none; list the votes to see their ids`,
  },
  voteClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Ballots are cast while a vote is open.",
    message: ({ vote }: { vote: string }) =>
      `expected the vote ${vote} to be open, found it closed; read its outcome`,
  },
  ballotInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A ballot names options of the vote, each once; one alone unless the rule is by ranks.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the ballot`,
  },
  notAVoter: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The vote is for agents of one role.",
    message: ({ agent, role }: { agent: string; role: string }) =>
      `expected ${agent} to play the role ${role}, found that it does not; leave this vote to others`,
  },
  approvalMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission asks no such question.",
    message: ({ id }: { id: string }) =>
      `expected a question ${id}, found none; list the questions to see their ids`,
  },
  approvalClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The question was decided, or is no longer asked.",
    message: ({ id, how }: { id: string; how: string }) =>
      `expected the question ${id} to be open, found it ${how}; look at the mission as it is now`,
  },
  approvalNotAmong: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The rule that asks names who may decide.",
    message: ({ who, by }: { who: string; by: string }) =>
      `expected one of ${by}, found ${who}; ask one of these to decide`,
  },
  approvalOwn: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule has the output of an agent approved by somebody else, unless it names the agent among those who decide.",
    message: ({ who }: { who: string }) =>
      `expected somebody else than ${who}, who gave the output, to decide about it; ask a person`,
  },
  approvalExpired: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "Nobody decided in time about the output that a rule wants approved.",
    message: ({ task, withinMs }: { task: string; withinMs: number }) =>
      `expected a decision about the output of ${task} within ${withinMs} ms, found none; add the task anew, or give people more time`,
  },
  resultNotHeld: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule wants the output approved, and processes of an earlier release, which cannot hold one, share the missions. A minute after the last of them is replaced they can.",
    message: ({ task }: { task: string }) =>
      `expected that the output of ${task} can wait for the approval that a rule wants, found processes of an earlier release, or ownership.behaviour.hold; replace these, and add the task anew`,
  },
  approvalInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Who approves brings along what the question's form asks for.",
    message: ({ problem }: { problem: string }) => `${problem}; correct what is brought along`,
  },
  rejected: {
    status: "ABORTED",
    retry: "never",
    help: "A person said no.",
    message: ({ question, by, reason }: { question: string; by: string; reason: string }) =>
      `${question}: ${by || "somebody"} said no${reason === "" ? "" : `: ${reason}`}`,
  },
  keyInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Keys of the blackboard are texts of 1 to 500 characters.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the key`,
  },
  messageInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A message says to whom it goes.",
    message: ({ problem }: { problem: string }) => `${problem}; correct the message`,
  },
});
