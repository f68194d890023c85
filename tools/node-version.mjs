// Says in one line that this Node is too old, before any file is read that it could not even parse. Every script that
// users run with their own Node imports it first. It is written in the syntax of Node 12.

const oldest = 18;

if (Number(process.versions.node.split(".")[0]) < oldest) {
  console.error(
    "tutti: this is Node " +
      process.versions.node +
      "; expected Node " +
      oldest +
      " or newer. Install one from https://nodejs.org",
  );
  process.exit(1);
}
