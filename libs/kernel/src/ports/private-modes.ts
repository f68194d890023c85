/** Modes of everything in a data directory: only the user of the process reads it. */
export const privateModes = { file: 0o600, folder: 0o700 } as const;
