/** The conformance kit of the Model Context Protocol, in one exact version. */
export const kit = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
