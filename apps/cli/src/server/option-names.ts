/** Errors of the platform in the words of the command. */
import { Failure } from "../command/failure.ts";

/** Makes a call. If a field of the request is wrong, the error names the option that sets it. */
export async function withOptionNames<T>(
  names: Readonly<Record<string, string>>,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const named = (text: string) =>
      text.replace(/(^| )([A-Za-z]+)(?=[.[:])/g, (found, before: string, field: string) =>
        Object.hasOwn(names, field) ? `${before}${names[field]}` : found,
      );
    throw new Failure(named(error.message), { ...error, why: error.why.map(named), cause: error.cause });
  }
}
