// The paths of the workspace, independent of the working directory.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const protoFolder = join(root, "proto");
export const imageFile = join(protoFolder, "image.binpb");
export const generatedFolder = join(root, "libs", "contracts", "src", "generated");
export const restFolder = join(root, "libs", "rest", "src", "generated");

export const bufProgram = join(dirname(require.resolve("@bufbuild/buf/package.json")), "bin", "buf");
