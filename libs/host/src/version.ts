import manifest from "../package.json" with { type: "json" };

/** Version of the software. All packages have the same. */
export const softwareVersion: string = manifest.version;
