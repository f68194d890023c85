import { defineErrors } from "@tutti/kernel";

/** Errors of MCP tools. */
export const mcpErrors = defineErrors("mcp", {
  authInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The option `auth` of an MCP server is wrong or incomplete. The server was not called.",
    message: ({ server, problem }: { server: string; problem: string; remedy: string }) =>
      `\`auth\` of the MCP server \`${server}\` cannot be used: ${problem}`,
    remedy: ({ remedy }: { server: string; problem: string; remedy: string }) => remedy,
  },
  unreachable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "An MCP server did not start, did not answer, or vanished in a call. The attempt is repeated, and a server that is a program is started again.",
    message: ({ server, reason }: { server: string; reason: string }) =>
      `The MCP server \`${server}\` cannot be reached: ${reason}`,
    remedy: "Check the command or the address of the server, and its own log.",
  },
  refused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An MCP server answered a request with an error of the protocol.",
    message: ({ server, method, reason }: { server: string; method: string; reason: string }) =>
      `The MCP server \`${server}\` refused ${method}: ${reason}`,
    remedy: "Correct the input of the task. `tutti capabilities` shows the schema.",
  },
  toolFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A tool of an MCP server reported a failure. The message is the text of the tool.",
    message: ({ tool, text }: { tool: string; text: string }) => `${tool}: ${text}`,
    remedy: "Correct the input of the task, or check the server's log.",
  },
});
