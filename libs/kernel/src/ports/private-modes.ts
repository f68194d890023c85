/** Modes of all files in a data directory: only the user of the process can read them. */
export const privateModes = { file: 0o600, folder: 0o700 } as const;
