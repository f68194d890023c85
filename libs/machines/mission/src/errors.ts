import { counted, defineErrors, printDuration } from "@tutti/kernel";
import { type Conflict, conflictText } from "@tutti/machine-work";

/** Errors that a mission returns to its callers, and errors of tasks that no agent reported. */
export const missionErrors = defineErrors("mission", {
  missionMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no mission with this id in the namespace, or it was removed after its retention.",
    message: ({ id }: { id: string }) => `Mission \`${id}\` not found`,
    remedy: "List missions with `tutti mission list`.",
  },
  missionConflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A mission with this id was started with something else. The same start again gives the same mission.",
    message: (conflict: Conflict) => conflictText("Mission", conflict),
    remedy: "Choose another id, or start it with the same specification.",
  },
  missionEnded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The request needs a mission that has not ended. Its status is in the message.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Mission \`${id}\` is ${status}, and the request needs a mission that has not ended`,
    remedy: "See its state with `tutti mission show`.",
  },
  missionGoesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A mission is removed once it has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Mission \`${id}\` is ${status}, and only an ended mission can be deleted`,
    remedy: "Cancel or terminate the mission first.",
  },
  orderInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a mission is started with is within bounds, and its expressions compile.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request and start the mission again.",
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "A user cancelled the mission.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The mission was cancelled by ${by}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start the mission again if it is still needed.",
  },
  terminated: {
    status: "CANCELLED",
    retry: "never",
    help: "A user terminated the mission.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The mission was terminated by ${by}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start the mission again if it is still needed.",
  },
  withdrawn: {
    status: "CANCELLED",
    retry: "never",
    help: "The mission is a child whose parent gave it up before the start. It does not start.",
    message: ({ reason }: { reason: string }) =>
      `The parent withdrew the mission before it started: ${reason}`,
    remedy: "Start the mission again if it is still needed.",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The mission took longer than its timeout.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `Mission \`${id}\` did not finish within ${printDuration(timeoutMs)}`,
    remedy: "Raise its timeout.",
  },
  stopped: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A stop condition of the mission holds that makes it fail.",
    message: ({ condition }: { condition: string }) =>
      `The stop condition \`${condition}\` ended the mission`,
    remedy: "See the values that the condition reads with `tutti mission show`.",
  },
  taskStopped: {
    status: "CANCELLED",
    retry: "never",
    help: "The mission ended, or what the task was a part of did.",
    message: ({ task, why }: { task: string; why: string }) => `Task \`${task}\` was stopped: ${why}`,
    remedy: "Add the task to another mission if it is still needed.",
  },
  tasksFailed: {
    status: "ABORTED",
    retry: "never",
    help: "A task of the mission failed for good. The cause is its error.",
    message: ({ task }: { task: string }) => `Task \`${task}\` of the mission failed`,
    remedy: "See the error of the task.",
  },
  taskInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tasks have ids of their own, needs that come to an end, and expressions that compile.",
    message: ({ task, problem }: { task: string; problem: string }) => `task ${task}: ${problem}`,
    remedy: "Correct the task and add the tasks again.",
  },
  taskExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Ids of tasks are unique in a mission.",
    message: ({ task }: { task: string }) => `Task \`${task}\` already exists in the mission`,
    remedy: "Choose another id.",
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission has no such task.",
    message: ({ id, task }: { id: string; task: string }) =>
      `Task \`${task}\` of mission \`${id}\` not found`,
    remedy: "List its tasks with `tutti mission tasks`.",
  },
  tooManyTasks: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A mission has a greatest number of tasks, `max_tasks`.",
    message: ({ found, max }: { found: number; max: number }) =>
      `The mission would have ${found} tasks, more than its maximum of ${max} (\`max_tasks\`)`,
    remedy: "Start another mission for the rest.",
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A mission keeps tasks, entries and messages in memory, within bounds. Large values belong into the blob store.",
    message: ({ what, found, max }: { what: string; found: number; max: number }) =>
      `The mission would have ${found} ${what}, more than the maximum of ${max}`,
    remedy: "Put large values into the blob store, or remove some.",
  },
  notTakingPart: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Agents join a mission before they act in it.",
    message: ({ id, agent }: { id: string; agent: string }) =>
      `${agent === "" ? "The agent" : `Agent \`${agent}\``} is not a member of mission \`${id}\``,
    remedy: "Join the mission first.",
  },
  roleUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The mission names the roles that there are.",
    message: ({ role, known }: { role: string; known: string }) =>
      `\`role\`: expected one of ${known}, got ${role}`,
    remedy: "Correct the role.",
  },
  roleFull: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "As many agents play the role, or take part, as may.",
    message: ({ what, max }: { what: string; max: number }) =>
      `The maximum of ${max} agents in ${what} is reached`,
    remedy: "Wait until an agent leaves.",
  },
  roleUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Who plays a role offers its capabilities, and has labels that it asks for.",
    message: ({ agent, role, problem }: { agent: string; role: string; problem: string }) =>
      `Agent \`${agent}\` does not fit the role \`${role}\`: ${problem}`,
    remedy: "Join in another role.",
  },
  claimLost: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The claim ran out, was given back, or the task has ended. What bears it changes nothing any more.",
    message: ({ claim }: { claim: string }) =>
      `Claim \`${claim}\` is no longer valid: it expired, was returned, or its task has ended`,
    remedy: "Stop the work on the task and claim again.",
  },
  claimExpired: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The task has lost as many agents as it may: it may be what kills them. It is not tried again.",
    message: ({ task, losses }: { task: string; losses: readonly string[] }) =>
      `Task \`${task}\` lost its agent ${counted(losses.length, "time")} and may be what kills them: ${losses.join("; ")}`,
    remedy: "Check the logs of these agents, then add the task again.",
  },
  attemptLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The agent of the attempt is gone, so its effect is unknown. The task has `retry: {onLost: fail}`, so it runs at most once.",
    message: ({ task, loss }: { task: string; loss: string }) =>
      `Task \`${task}\` lost its agent (${loss}) and runs at most once`,
    remedy: "Check its effect, then add the task again if it is needed.",
  },
  taskTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "The task, or one attempt at it, took longer than it may.",
    message: ({ task, what, ms }: { task: string; what: string; ms: number }) =>
      `Task \`${task}\` did not finish in time: expected ${what} within ${printDuration(ms)}`,
    remedy: "Raise its timeout.",
  },
  attemptsExhausted: {
    status: "ABORTED",
    retry: "never",
    help: "A task has a greatest number of attempts in all.",
    message: ({ task, max }: { task: string; max: number }) =>
      `Task \`${task}\` failed in all ${max} attempts`,
    remedy: "Correct the task and add it again.",
  },
  expressionFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression could not be evaluated. The error has the expression, the place in it, and what it worked on.",
    message: ({ where, expression, problem }: { where: string; expression: string; problem: string }) =>
      `The expression \`${expression}\` of ${where} failed: ${problem}`,
    remedy: "Guard it with `has()`, or correct what it reads.",
  },
  checkFailed: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The output of a task does not satisfy one of its checks.",
    message: ({ task, check }: { task: string; check: string }) =>
      `The output of task \`${task}\` fails the check ${check}`,
    remedy: "Compare the output with the condition of the check.",
  },
  authorityTooWide: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A delegate may do no more than who delegates.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Delegate less authority.",
  },
  authorityOver: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The time for which the task was delegated is over.",
    message: ({ task }: { task: string }) =>
      `The authority for task \`${task}\` expired before the task finished`,
    remedy: "Delegate for longer.",
  },
  budgetShort: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The budget of the mission does not have so much left. A person may raise it.",
    message: ({ wanted, left }: { wanted: string; left: string }) =>
      `The budget of the mission has ${left} left, and ${wanted} was requested`,
    remedy: "Request less, or raise the budget.",
  },
  budgetUsedUp: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The budget of the mission is used up.",
    message: ({ wanted, left }: { wanted: string; left: string }) =>
      `The budget of the mission has ${left} left, and the next task needs ${wanted}`,
    remedy: "Start the mission with a larger budget.",
  },
  reservationMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "What was set aside lapsed or was returned, or it never was.",
    message: ({ reservation }: { reservation: string }) =>
      `Reservation \`${reservation}\` not found: it lapsed, was returned, or never existed`,
    remedy: "Reserve budget first.",
  },
  reservationShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "No more is spent than what was set aside.",
    message: ({ wanted, left }: { wanted: string; left: string }) =>
      `The reservation has ${left} left, and ${wanted} was requested`,
    remedy: "Reserve more first.",
  },
  depthExceeded: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Missions and runs may start others only so deep.",
    message: ({ task }: { task: string }) =>
      `Task \`${task}\` cannot start a child: the maximum depth of the budget is reached`,
    remedy: "Allow more depth in the budget.",
  },
  childFailed: {
    status: "ABORTED",
    retry: "same-key",
    help: "The child that does the task did not end well. The cause is its error.",
    message: ({ task, child, status }: { task: string; child: string; status: string }) =>
      `Child \`${child}\` of task \`${task}\` is ${status}`,
    remedy: "See the error of the child.",
  },
  voteInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A vote has at least two options of different names, and weights that are not negative.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the vote.",
  },
  voteExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A vote with this id is there, and asks something else.",
    message: ({ vote }: { vote: string }) => `Vote \`${vote}\` already exists with another question`,
    remedy: "Choose another id.",
  },
  voteMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission has no such vote.",
    message: ({ vote }: { vote: string }) => `Vote \`${vote}\` not found`,
    remedy: "List votes with `tutti mission votes`.",
  },
  voteClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Ballots are cast while a vote is open.",
    message: ({ vote }: { vote: string }) => `Vote \`${vote}\` is closed`,
    remedy: "Read its outcome with `tutti mission votes`.",
  },
  ballotInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A ballot names options of the vote, each once. Only a rule by ranks allows more than one.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the ballot.",
  },
  notAVoter: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The vote is for agents of one role.",
    message: ({ agent, role }: { agent: string; role: string }) =>
      `Agent \`${agent}\` does not have the role \`${role}\` that the vote requires`,
    remedy: "Join in that role to vote.",
  },
  approvalMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission asks no such question.",
    message: ({ id }: { id: string }) => `Approval \`${id}\` not found`,
    remedy: "List the open approvals with `tutti approve`.",
  },
  approvalClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The question was decided, or is no longer asked.",
    message: ({ id, how }: { id: string; how: string }) => `Approval \`${id}\` is already ${how}`,
    remedy: "See the mission with `tutti mission show`.",
  },
  approvalNotAmong: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The rule that asks names the people that can decide.",
    message: ({ who, by }: { who: string; by: string }) => `${who} is not among the approvers: ${by}`,
    remedy: "Ask one of the approvers to decide.",
  },
  approvalOwn: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule requires approval of an agent's output by another principal. The agent cannot decide, except if the rule names it.",
    message: ({ who }: { who: string }) => `${who} produced the output and cannot approve it`,
    remedy: "Ask another approver.",
  },
  approvalExpired: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The output needs approval by a rule, and was not decided in time.",
    message: ({ task, withinMs }: { task: string; withinMs: number }) =>
      `The output of task \`${task}\` was not approved within ${printDuration(withinMs)}`,
    remedy: "Add the task again, or allow more time.",
  },
  resultNotHeld: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule wants the output approved, and processes of an earlier release, which cannot hold one, share the missions. A minute after the last of them is replaced they can.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` cannot wait for its approval, because processes of an earlier release run or \`ownership.behaviour.hold\` is set`,
    remedy: "Replace these processes, then add the task again.",
  },
  valueWanted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Missions read the outputs of their tasks, and one came as a reference to the blob store. The platform answers by itself with the content. Callers do not see it.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` is in the blob store, and the mission reads it`,
    remedy: "Report the result again with the content.",
  },
  approvalInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An approval needs the fields of the question's form.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the data of the approval.",
  },
  rejected: {
    status: "ABORTED",
    retry: "never",
    help: "A person said no.",
    message: ({ question, by, reason }: { question: string; by: string; reason: string }) =>
      `${question} was rejected by ${by || "an approver"}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Change the work, then ask again.",
  },
  keyInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Keys of the blackboard are texts of 1 to 500 characters.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the key.",
  },
  messageInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A message says to whom it goes.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the message.",
  },
});
