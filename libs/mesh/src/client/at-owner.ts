import { notOwnerOf, type Owner } from "@tutti/kernel";

/** Runs an operation on an object that one instance owns: here, or at the owner if this instance refuses. */
export async function atOwner<Reply>(
  here: () => Promise<Reply>,
  there: (owner: Owner) => Promise<Reply>,
): Promise<Reply> {
  try {
    return await here();
  } catch (error) {
    const owner = notOwnerOf(error)?.owner;
    if (owner === undefined) throw error;
    return there(owner);
  }
}
